import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import {
  type Engine,
  EngineClient,
  EngineRefusal,
  PolicyProblem,
  type PolicyRecord,
  readBaseModel,
  startEngine,
  startTorchEngine,
  torchSource,
} from '../engine/index.js';
import { engineOf, ensureEnvironment } from '../target/index.js';
import { baseOf, type Workflow } from '../workflow/index.js';
import { findBase, orFlag } from './base-place.js';
import type { EngineHandle } from './engine-handle.js';
import { isErrorCode } from './error-codes.js';
import { cacheFolder, shipped } from './places.js';
import { commandName, exit, Failure } from './terminal.js';

export type RunningEngine = EngineHandle & {
  engine: Pick<Engine, 'url' | 'client'>;
};

/** Rows that the torch engine decodes together where it is deterministic. */
const TOGETHER = 8;

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
  /** What samples in the torch engine. */
  sampler?: 'auto' | 'own' | 'vllm' | undefined;
  /** Share of the GPU's memory that vLLM may take. */
  vllmMemory?: number | undefined;
}

/** Roles that can be played: any, where another base model than the embedded one is named. */
export function playableRoles(choice: Pick<EngineChoice, 'base'>): readonly string[] | undefined {
  return choice.base === undefined ? embeddedRoles() : undefined;
}

/** A choice with the base that the workflow starts from, where none was made at the command. */
export function overBaseOf<T extends EngineChoice>(workflow: Pick<Workflow, 'models'>, choice: T): T {
  const base = choice.base ?? baseOf(workflow);
  return base === undefined ? choice : { ...choice, base };
}

/** How an engine trains: tfjs has no adapters. */
export function methodOf(engine: 'tfjs' | 'torch', { method }: EngineChoice): 'lora' | 'full' {
  return engine === 'torch' ? (method ?? 'lora') : 'full';
}

/**
 * The engine that promoted policies need. `own`: the base that their workflow names, which may have been moved since.
 * `given`: one that was named at the command. Throws where none of them can be the one that they were trained over.
 */
export function choiceOf(
  record: PolicyRecord,
  home: string,
  { own, given }: { own?: string | undefined; given?: string | undefined } = {},
): EngineChoice {
  const { role, version, engine, method } = record;
  const of = `${role}@${version}`;
  const kept = record.base.model ?? undefined;
  const isFolder = (base: string) => isAbsolute(base) || base.startsWith('.');
  // Two folders, or a folder and a model of the hub, can hold the same weights: the engine tells.
  const maySame = own === undefined || kept === own || (kept && (isFolder(own) || isFolder(kept)));
  if (given === undefined && !maySame)
    throw new PolicyProblem(
      `${of} was trained over ${kept ?? 'the model that ships'}, and the workflow starts from ${own}: roll ${role} back, or change base.`,
    );
  return { engine, method, base: given ?? own ?? findBase(kept, home, of) };
}

/** The same, for roles of a workflow. */
export function choiceIn(
  { models, folder }: Pick<Workflow, 'models' | 'folder'>,
  record: PolicyRecord,
  given?: string,
): EngineChoice {
  return choiceOf(record, folder, { own: baseOf({ models }), given });
}

/** An engine over weights; `failure` says whose they are where it came up over another base than theirs. */
export function overItsBase<T>(starting: Promise<T>, failure: () => PolicyProblem): Promise<T> {
  return starting.catch((error: unknown) => {
    throw error instanceof Failure && error.code === 'base.other' ? failure() : error;
  });
}

export function otherBase(of: string, base: string | undefined): PolicyProblem {
  const found = base === undefined ? 'the model that ships' : `what is in ${base}`;
  return new PolicyProblem(
    `${of} was trained over another base than ${found}: put its own back, or ${orFlag}.`,
  );
}

/** An engine that another process brought up: its address on this machine, and its token. */
export interface EngineAddress {
  url: string;
  token: string;
}

const AT = 'BATON_ENGINE_AT';

/** The environment that leads a process to an engine that is up already. */
export function environmentFor(address: EngineAddress): Record<string, string> {
  return { [AT]: JSON.stringify(address) };
}

/** Takes the address of an engine out of an environment, so that no child inherits its token. */
function takeAddress(env: NodeJS.ProcessEnv): EngineAddress | null {
  const text = env[AT];
  delete env[AT];
  return text === undefined ? null : (JSON.parse(text) as EngineAddress);
}

/**
 * Start the engine where a model of the workflow asks for it, or take the one that whoever started this process
 * brought up. `dir` keeps its weights.
 */
export async function engineFor(
  workflow: Workflow,
  dir: string,
  choice: EngineChoice = {},
): Promise<RunningEngine | null> {
  if (!Object.values(workflow.models).some((model) => model.provider === 'embedded')) return null;
  const address = takeAddress(process.env);
  if (!address) return startChosen(dir, overBaseOf(workflow, choice));
  return joinEngine(address, async () => undefined).catch((error: Error) => {
    const what = `The engine at ${address.url}, which another process brought up, does not answer`;
    throw new Failure('engine.unreachable', `${what}: ${error.message}`, exit.environment);
  });
}

/** An engine that is up: asked how it is, and from then on like one of this process. */
export async function joinEngine(address: EngineAddress, stop: () => Promise<void>): Promise<RunningEngine> {
  const { url, token } = address;
  const client = new EngineClient(url, token);
  const { engine, backend, reasons, base_hash, deterministic, sampler } = await client.health();
  return {
    engine: { url, client },
    endpoint: { baseUrl: `${url}/v1`, token },
    info: { engine, backend, reasons, base: base_hash, ...(sampler ? { sampler } : {}) },
    // A row of the tfjs engine does not depend on the others: it needs no fixed company.
    together: engine === 'torch' && deterministic ? TOGETHER : 1,
    stop,
  };
}

/** Start the engine of a choice as a child process. `port`: 0 takes a free one. */
export async function startChosen(dir: string, choice: EngineChoice, port = 0): Promise<RunningEngine> {
  try {
    const torch = engineOf(choice) === 'torch';
    if (!torch && choice.sampler === 'vllm')
      throw new Error(
        'vLLM samples for the torch engine only: name a base model (--base), or --engine torch',
      );
    const engine = torch ? await torchEngine(dir, choice, port) : await tfjsEngine(dir, choice, port);
    let stopping = false;
    const stop = () => {
      stopping = true;
      return engine.stop();
    };
    const gone = engine.ended.then((code) => (stopping ? null : engineLost(dir, code)));
    return { ...(await joinEngine(engine, stop)), gone };
  } catch (error) {
    throw new Failure(
      error instanceof EngineRefusal && isErrorCode(error.code) ? error.code : 'engine.failed',
      `The engine did not start: ${(error as Error).message}`,
      exit.environment,
    );
  }
}

function engineLost(dir: string, code: number | null): Failure {
  const how = code === null ? 'was killed, or ran out of memory' : `ended with ${code}`;
  return new Failure(
    'engine.lost',
    `The engine ${how}; what it said is in ${join(dir, 'engine.log')}. What was logged is kept; go on with: ${commandName()} resume`,
    exit.environment,
  );
}

/** The shipped base, or another one of its kind (`npm run pretrain` makes them). */
function tfjsBase(folder: string | undefined): string {
  if (folder === undefined) return base();
  if (existsSync(join(folder, 'baton.json'))) return folder;
  throw new Error(`${folder} is no base model of the tfjs engine (it has no baton.json); use --engine torch`);
}

function tfjsEngine(dir: string, choice: EngineChoice, port: number): Promise<Engine> {
  return startEngine({
    dir,
    port,
    base: tfjsBase(choice.base),
    program: shipped(join('dist', 'engine.mjs')),
    deterministic: choice.deterministic ?? false,
    backend: (choice.backend ?? 'auto') as 'auto',
  });
}

/** The interpreter that has the torch engine's packages; its environment is made where there is none. */
export async function torchPython({ enginePython }: Pick<EngineChoice, 'enginePython'>): Promise<string> {
  return (
    enginePython ??
    process.env.BATON_TORCH_PYTHON ??
    (await ensureEnvironment({
      cache: cacheFolder(),
      source: torchSource(),
      onProgress: (line) => process.stderr.write(`${line}\n`),
    }))
  );
}

async function torchEngine(dir: string, choice: EngineChoice, port: number): Promise<Engine> {
  const { backend = 'auto' } = choice;
  if (backend !== 'auto' && backend !== 'cpu' && backend !== 'cuda')
    throw new Error(`the torch engine has the backends auto, cpu and cuda, not "${backend}"`);
  const python = await torchPython(choice);
  return startTorchEngine({
    dir,
    port,
    base: choice.base ?? base(),
    python,
    backend,
    deterministic: choice.deterministic ?? false,
    ...(choice.method ? { method: choice.method } : {}),
    ...(choice.sampler ? { sampler: choice.sampler } : {}),
    ...(choice.vllmMemory ? { vllmMemory: choice.vllmMemory } : {}),
  });
}
