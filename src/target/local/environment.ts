// The torch engine's Python environment: made on demand in the user's cache, once for each set of versions.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { holderWords, takeLock } from '../../trace/index.js';
import { hasGpu } from './gpu.js';

export interface EnvironmentOptions {
  /** the user's cache folder of Baton */
  readonly cache: string;
  /** folder with the engine's `constraints.txt` */
  readonly source: string;
  /** with the tools that check the engine itself */
  readonly dev?: boolean;
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** The environment cannot be made; says why and what to do. */
export class EnvironmentError extends Error {
  override name = 'EnvironmentError';
}

const packages = [
  'torch',
  'transformers',
  'peft',
  'accelerate',
  'safetensors',
  'fastapi',
  'uvicorn',
  'pydantic',
  'numpy',
  'gguf',
];
const tools = ['ruff', 'mypy', 'pytest', 'httpx', 'tensorboard'];
/** The major version of CUDA that the wheels of constraints.txt are built for (torch 2.15.0: 13.2). */
export const wheelsCuda = 13;
const CPU_INDEX = 'https://download.pytorch.org/whl/cpu';

/** Where the environment for this engine lies, made or not. */
export function environmentFolder(options: Pick<EnvironmentOptions, 'cache' | 'source' | 'dev'>): string {
  const versions = readFileSync(join(options.source, 'constraints.txt'));
  const key = createHash('sha256').update(versions).digest('hex').slice(0, 12);
  return join(options.cache, 'torch', options.dev ? `${key}-dev` : key);
}

/** The file that is there once it is made. */
export function readyMarker(options: Pick<EnvironmentOptions, 'cache' | 'source' | 'dev'>): string {
  return join(environmentFolder(options), 'baton-ready');
}

/** Its interpreter where it is ready, else null. */
export function readyPython(options: Pick<EnvironmentOptions, 'cache' | 'source' | 'dev'>): string | null {
  const folder = environmentFolder(options);
  return existsSync(readyMarker(options)) ? join(folder, 'bin', 'python') : null;
}

/**
 * An interpreter with the engine's packages, installed if it is not there yet (minutes, and about 6 GB with CUDA's
 * libraries). Rejects with an EnvironmentError.
 */
export async function ensureEnvironment(options: EnvironmentOptions): Promise<string> {
  const ready = readyPython(options) ?? (options.dev ? null : readyPython({ ...options, dev: true }));
  if (ready !== null) return ready;
  const folder = environmentFolder(options);
  mkdirSync(join(options.cache, 'torch'), { recursive: true });
  const taken = takeLock(`${folder}.making`);
  if ('heldBy' in taken)
    throw new EnvironmentError(
      `${holderWords(taken.heldBy, `${folder}.making`)} is making the Python environment ${folder}; wait until it is done, then try again`,
    );
  try {
    rmSync(folder, { recursive: true, force: true });
    await install(folder, options);
    writeFileSync(readyMarker(options), `${new Date().toISOString()}\n`);
  } finally {
    taken.lock.release();
  }
  return join(folder, 'bin', 'python');
}

async function install(folder: string, options: EnvironmentOptions): Promise<void> {
  const say = options.onProgress ?? (() => undefined);
  const python = findProgram('python3');
  if (python === null) {
    throw new EnvironmentError(
      'there is no python3 on the PATH; install Python 3.11 or newer (Debian: apt install python3 python3-venv)',
    );
  }
  const run = (command: string, args: string[]) => execute(command, args, options);
  let uv = findProgram('uv');
  say(`making a Python environment in ${folder}${uv === null ? '' : ' with uv'}`);
  if (uv === null) {
    await run(python, ['-m', 'venv', folder]);
    const own = join(folder, 'bin', 'python');
    // uv installs these packages several times faster; without it pip does.
    await run(own, ['-m', 'pip', 'install', '--quiet', 'uv']).then(
      () => {
        uv = join(folder, 'bin', 'uv');
      },
      () => say('uv cannot be installed; going on with pip'),
    );
  } else {
    await run(uv, ['venv', '--quiet', '--python', python, folder]);
  }
  const own = join(folder, 'bin', 'python');
  const wanted = [...packages, ...(options.dev ? tools : [])];
  const pinned = ['--constraint', join(options.source, 'constraints.txt')];
  const index = (await wantsCpuIndex(say)) ? ['--extra-index-url', CPU_INDEX] : [];
  say(`installing ${wanted.join(', ')}`);
  if (uv === null) await run(own, ['-m', 'pip', 'install', ...pinned, ...index, ...wanted]);
  else {
    const strategy = index.length > 0 ? ['--index-strategy', 'unsafe-best-match'] : [];
    await run(uv, ['pip', 'install', '--python', own, ...pinned, ...index, ...strategy, ...wanted]);
  }
  await run(own, ['-c', 'import torch, transformers, peft']);
}

/** Without a GPU the smaller wheels without CUDA do, where PyTorch's own index can be reached. */
async function wantsCpuIndex(say: (line: string) => void): Promise<boolean> {
  if (hasGpu()) return false;
  try {
    const found = await fetch(`${CPU_INDEX}/torch/`, { method: 'HEAD', signal: AbortSignal.timeout(5000) });
    if (found.ok) return true;
  } catch {
    // Said below: the larger wheels work as well.
  }
  say('no GPU here, and the index of CPU wheels cannot be reached: taking the larger wheels with CUDA');
  return false;
}

/** A program of the PATH, or null. */
export function findProgram(name: string): string | null {
  const places = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  return places.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

function execute(command: string, args: readonly string[], options: EnvironmentOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const tail: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        tail.push(line);
        if (tail.length > 8) tail.shift();
        options.onProgress?.(line);
      });
    }
    child.once('error', (error) => reject(new EnvironmentError(`${command}: ${error.message}`)));
    child.once('close', (code) => {
      if (code === 0) resolve();
      else {
        const words = `${command} ${args.join(' ')} ended with ${code}`;
        reject(new EnvironmentError(`the Python environment cannot be made: ${words}:\n${tail.join('\n')}`));
      }
    });
  });
}
