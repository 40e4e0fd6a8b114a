// Starts the embedded engine, or the torch engine, as a child process.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BackendWish } from './backend/choose.js';
import { type Engine, startProcess } from './process.js';

export interface EngineOptions {
  /** where policies, checkpoints and `engine.log` are kept; made if absent */
  readonly dir: string;
  /** folder of the base model */
  readonly base: string;
  /** the same weights on the same hardware, run after run; chooses wasm where `backend` is `auto` */
  readonly deterministic?: boolean;
  readonly backend?: BackendWish;
  /** 0 or absent: any free one */
  readonly port?: number;
  /** the bundled engine, `engine.mjs`; found beside the caller's bundle or in `dist/` where absent */
  readonly program?: string;
}

export interface TorchOptions {
  readonly dir: string;
  /** a model folder, a GGUF file, or an id of the Hugging Face hub */
  readonly base: string;
  /** an interpreter that has the engine's packages */
  readonly python: string;
  readonly deterministic?: boolean;
  /** 0 or absent: any free one */
  readonly port?: number;
  readonly backend?: 'auto' | 'cpu' | 'cuda';
  /** an adapter a policy over one base, or all weights a policy's own; `lora` where absent */
  readonly method?: 'lora' | 'full';
  readonly lora?: { rank?: number; alpha?: number; targets?: string | string[]; seed?: number };
  readonly threads?: number;
  /** tokens of prompt and reply together, where fewer than the model's own limit are wanted */
  readonly context?: number;
  /** tokens, padding included, that go through the network at once in scoring and training */
  readonly passTokens?: number;
  /** requests that are sampled at a time */
  readonly rows?: number;
  /** `auto` takes vLLM on a GPU where the interpreter has it; by name it is refused where it cannot be had */
  readonly sampler?: 'auto' | 'own' | 'vllm';
  /** share of the GPU's memory that vLLM may take, above 0 and at most 1; 0.4 where absent */
  readonly vllmMemory?: number;
  /** folder that holds the Python package `baton_torch`; found like the bundle where absent */
  readonly source?: string;
}

/** The first place above or beside this file's bundle that holds a shipped file. */
function beside(what: string, candidates: readonly string[]): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const places = candidates.map((candidate) => join(here, candidate));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) {
    throw new Error(`${what} is not built: none of ${places.join(', ')} exists; run "npm run build"`);
  }
  return found;
}

/** Starts the embedded engine. Rejects with the engine's own words where it cannot start. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const program = options.program ?? beside('the engine', ['engine.mjs', '../../dist/engine.mjs']);
  return startProcess({
    command: process.execPath,
    args: [program],
    // Inside the editor `execPath` is the editor itself, which runs as Node only when told to.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    dir: options.dir,
    token: randomBytes(24).toString('hex'),
    settings: {
      base: options.base,
      backend: options.backend ?? 'auto',
      deterministic: options.deterministic ?? false,
      port: options.port ?? 0,
    },
  });
}

/** Folder of the torch engine's sources, its `pyproject.toml` and `constraints.txt`. */
export function torchSource(): string {
  const file = beside('the torch engine', [
    'torch/baton_torch/__main__.py',
    '../src/engine/torch/baton_torch/__main__.py',
  ]);
  return dirname(dirname(file));
}

/** Arguments and environment that start a module of the torch engine. */
function torchModule(name: string, source = torchSource()): { args: string[]; env: NodeJS.ProcessEnv } {
  const { PYTHONPATH, ...env } = process.env;
  return {
    // No module from the working folder may stand in for a package, and none from the user's own site.
    args: ['-P', '-s', '-m', name],
    env: {
      ...env,
      PYTHONPATH: PYTHONPATH ? source + delimiter + PYTHONPATH : source,
      HF_HUB_DISABLE_TELEMETRY: '1',
      TOKENIZERS_PARALLELISM: 'false',
    },
  };
}

/** Writes a base and an adapter of it as one model folder. Rejects with the last thing that Python said. */
export async function mergeAdapter(
  python: string,
  { base, adapter, folder }: { base: string; adapter: string; folder: string },
): Promise<void> {
  const { args, env } = torchModule('baton_torch.merge');
  const call = promisify(execFile)(python, [...args, base, adapter, folder], { env, maxBuffer: 2 ** 26 });
  await call.catch((error: Error & { stderr?: string }) => {
    throw new Error(error.stderr?.trim().split('\n').at(-1) || error.message);
  });
}

/** Starts the torch engine. Rejects with the engine's own words where it cannot start. */
export async function startTorchEngine(options: TorchOptions): Promise<Engine> {
  return startProcess({
    command: options.python,
    ...torchModule('baton_torch', options.source),
    dir: options.dir,
    token: randomBytes(24).toString('hex'),
    settings: {
      base: options.base,
      backend: options.backend ?? 'auto',
      deterministic: options.deterministic ?? false,
      method: options.method ?? 'lora',
      ...(options.lora ? { lora: options.lora } : {}),
      ...(options.threads ? { threads: options.threads } : {}),
      ...(options.context ? { context: options.context } : {}),
      ...(options.passTokens ? { pass_tokens: options.passTokens } : {}),
      ...(options.rows ? { rows: options.rows } : {}),
      ...(options.sampler ? { sampler: options.sampler } : {}),
      ...(options.vllmMemory ? { vllm_memory: options.vllmMemory } : {}),
      port: options.port ?? 0,
    },
  });
}
