import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Engine,
  type PolicyRecord,
  readBaseModel,
  startEngine,
  startTorchEngine,
  torchSource,
} from '../engine/index.js';
import { ensureEnvironment } from '../target/index.js';
import type { Workflow } from '../workflow/index.js';
import type { EngineHandle } from './engine-handle.js';
import { cacheFolder, shipped } from './places.js';
import { exit, Failure } from './terminal.js';

export type RunningEngine = EngineHandle & { engine: Engine };

const base = () => shipped('media/base');

/** The roles that the embedded model has learned. */
export function embeddedRoles(): readonly string[] {
  return readBaseModel(base()).roles;
}

/** Which engine trains, and over what. Kept in run.json with what else was chosen at the command. */
export interface EngineChoice {
  deterministic?: boolean | undefined;
  backend?: string | undefined;
  /** `tfjs` where nothing is said, `torch` where a base model is named. */
  engine?: 'tfjs' | 'torch' | undefined;
  /** For the torch engine a model folder, a GGUF file, or an id of the Hugging Face hub; for tfjs a folder of its own kind. */
  base?: string | undefined;
  method?: 'lora' | 'full' | undefined;
  enginePython?: string | undefined;
}

/** Roles that can be played: any, where another base model than the embedded one is named. */
export function playableRoles(choice: EngineChoice): readonly string[] | undefined {
  return choice.base === undefined ? embeddedRoles() : undefined;
}

/** The engine that a promoted policy needs. */
export function choiceOf({ engine, method, base }: PolicyRecord): EngineChoice {
  return { engine, method, base: base.model ?? undefined };
}

/** Start the engine where a model of the workflow asks for it. `dir` keeps its weights. */
export async function engineFor(
  workflow: Workflow,
  dir: string,
  choice: EngineChoice = {},
): Promise<RunningEngine | null> {
  if (!Object.values(workflow.models).some((model) => model.provider === 'embedded')) return null;
  try {
    const torch = choice.engine === 'torch' || (choice.engine === undefined && choice.base !== undefined);
    const engine = torch ? await torchEngine(dir, choice) : await tfjsEngine(dir, choice);
    const health = await engine.client.health();
    return {
      engine,
      endpoint: { baseUrl: `${engine.url}/v1`, token: engine.token },
      info: {
        engine: health.engine,
        backend: health.backend,
        reasons: health.reasons,
        base: health.base_hash,
      },
      stop: async () => {
        await engine.stop();
      },
    };
  } catch (error) {
    throw new Failure(
      'engine.failed',
      `The engine did not start: ${(error as Error).message}`,
      exit.environment,
    );
  }
}

/** The shipped base, or another one of its kind (`npm run pretrain` makes them). */
function tfjsBase(folder: string | undefined): string {
  if (folder === undefined) return base();
  if (existsSync(join(folder, 'baton.json'))) return folder;
  throw new Error(`${folder} is no base model of the tfjs engine (it has no baton.json); use --engine torch`);
}

function tfjsEngine(dir: string, choice: EngineChoice): Promise<Engine> {
  return startEngine({
    dir,
    base: tfjsBase(choice.base),
    program: shipped(join('dist', 'engine.mjs')),
    deterministic: choice.deterministic ?? false,
    backend: (choice.backend ?? 'auto') as 'auto',
  });
}

async function torchEngine(dir: string, choice: EngineChoice): Promise<Engine> {
  const { backend = 'auto' } = choice;
  if (backend !== 'auto' && backend !== 'cpu' && backend !== 'cuda')
    throw new Error(`the torch engine has the backends auto, cpu and cuda, not "${backend}"`);
  const python =
    choice.enginePython ??
    process.env.BATON_TORCH_PYTHON ??
    (await ensureEnvironment({
      cache: cacheFolder(),
      source: torchSource(),
      onProgress: (line) => process.stderr.write(`${line}\n`),
    }));
  return startTorchEngine({
    dir,
    base: choice.base ?? base(),
    python,
    backend,
    deterministic: choice.deterministic ?? false,
    ...(choice.method ? { method: choice.method } : {}),
  });
}
