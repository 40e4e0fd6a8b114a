// Loads a tensor backend and puts it on trial before it is chosen.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import util from 'node:util';
import { batched } from '../model/attention/batched.js';
import type { AttentionKernel } from '../model/attention/kernel.js';
import { rowwise } from '../model/attention/rowwise.js';
import { type BackendName, type BackendWish, candidates, choose, type Trial } from './choose.js';
import type { Tf } from './tf.js';

export interface Backend {
  readonly tf: Tf;
  readonly kernel: AttentionKernel;
  readonly name: BackendName;
  readonly reasons: readonly string[];
}

/** Where `installNative` puts the CPU binding; a package of this folder may be loaded from. */
export function nativeFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'baton', 'native');
}

/** Where `installGpu` puts the GPU binding. */
export function gpuFolder(env: NodeJS.ProcessEnv = process.env): string {
  return `${nativeFolder(env)}-gpu`;
}

class Absent extends Error {}

type Wasm = Pick<typeof import('@tensorflow/tfjs-backend-wasm'), 'setWasmPaths'>;

/** A CommonJS module as Node gives it to an import: under `default`, or as it is. */
function plain<T extends object>(module: T & { default?: T }): T {
  return module.default ?? module;
}

/** Newer Node versions dropped two functions that the native binding still calls. */
function mendUtil(): void {
  const old = util as unknown as Record<string, unknown>;
  old.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  old.isArray ??= Array.isArray;
}

function loadNative(packageName: string, folders: readonly string[]): Tf {
  const tried: string[] = [];
  for (const folder of folders) {
    const from = createRequire(join(folder, 'package.json'));
    let path: string;
    try {
      path = from.resolve(packageName);
    } catch {
      tried.push(folder);
      continue;
    }
    mendUtil();
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
    return from(path) as Tf;
  }
  throw new Absent(`${packageName} is in none of ${tried.join(', ')}`);
}

async function loadWasm(here: string): Promise<Tf> {
  // Imported by name, so that a bundle brings them along.
  const tf = plain<Tf>(await import('@tensorflow/tfjs'));
  const wasm = plain<Wasm>(await import('@tensorflow/tfjs-backend-wasm'));
  // Beside a bundle the binary lies next to it; unbundled, the package finds its own.
  if (existsSync(join(here, 'tfjs-backend-wasm-simd.wasm'))) wasm.setWasmPaths(`${here}/`);
  if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend did not start');
  await tf.ready();
  return tf;
}

/** One product and one gradient with known results. Throws with what came out instead. */
export function tryOut(tf: Tf): void {
  tf.tidy(() => {
    const a = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const product = [...tf.matMul(a, a).dataSync()].join();
    if (product !== '7,10,15,22') throw new Error(`a product gave ${product}`);
    const slope = tf.grad((x) => tf.sum(tf.square(tf.matMul(x as typeof a, a))))(tf.clone(a));
    const gradient = [...slope.dataSync()].join();
    // d/dX sum((X A)^2) = 2 (X A) A'
    if (gradient !== '54,122,118,266') throw new Error(`a gradient gave ${gradient}`);
  });
}

/** Loads the best backend that passes its trial. Throws where none does, with all reasons. */
export async function loadBackend(wish: BackendWish): Promise<Backend> {
  const here = dirname(fileURLToPath(import.meta.url));
  const folders = [here, nativeFolder(), gpuFolder()];
  const trials = new Map<BackendName, Trial>();
  for (const name of candidates(wish)) {
    try {
      const tf =
        name === 'wasm'
          ? await loadWasm(here)
          : loadNative(
              name === 'native-gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node',
              folders,
            );
      tryOut(tf);
      trials.set(name, { is: 'works' });
      const choice = choose(wish, trials);
      return { tf, kernel: name === 'wasm' ? rowwise : batched, ...choice };
    } catch (error) {
      const why = error instanceof Error ? error.message.split('\n')[0]! : String(error);
      trials.set(name, { is: error instanceof Absent ? 'absent' : 'failed', why });
    }
  }
  choose(wish, trials);
  throw new Error('unreachable');
}
