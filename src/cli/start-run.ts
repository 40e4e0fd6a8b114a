import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { contractCoach, modelCoach } from '../coach/index.js';
import { EditorBridge, type Endpoint, openPolicy, type Policy, type PolicySources } from '../policy/index.js';
import {
  type Acting,
  Budget,
  type Caps,
  Inputs,
  limitsOf,
  PausableGate,
  type RolloutDeps,
} from '../rollout/index.js';
import { openSandbox, type Sandbox, takeFacts } from '../sandbox/index.js';
import {
  Blobs,
  boughtCalls,
  GitObjects,
  holderWords,
  type Judge,
  LogWriter,
  RunFolder,
  type RunInfo,
  readLog,
  removeTree,
  sittingSeconds,
  takeLock,
} from '../trace/index.js';
import {
  dollarsFor,
  free,
  isUnpriced,
  type Limits,
  type Model,
  type Workflow,
  type WorkflowFiles,
} from '../workflow/index.js';
import { runWord } from './find-run.js';
import { userKeys } from './keys.js';
import { cacheFolder } from './places.js';
import { rememberStart } from './started-here.js';
import type { Steered } from './steering.js';
import { commandName, exit, Failure } from './terminal.js';
import { version } from './version.js';

export interface StartOptions {
  workflow: Workflow;
  files: WorkflowFiles;
  kind: RunInfo['kind'];
  /** The run's name, where it had to be known before. */
  name?: string;
  /** Somebody else waits for it under its name, also where it cannot begin. */
  awaited?: boolean | undefined;
  /** For every agent, whatever the workflow says. */
  temperature?: number;
  seed: number;
  /** A sandbox level, `auto`, or `none` where the user gave up confinement on purpose. */
  sandbox: string;
  python: string | undefined;
  allowEnv: string[];
  engine: Endpoint | null;
  engineInfo: RunInfo['engine'];
  /** Which weights each role acts with, `role@version`; may change between training steps. */
  policies: Record<string, string>;
  /** How many rollouts make their calls together. */
  together?: number | undefined;
  tasks: string[];
  options: RunInfo['options'];
  /** Go on with this run instead of starting one. */
  resume?: RunFolder;
  /** Limits in place of those it has so far. */
  caps?: Caps | undefined;
  abort: AbortController;
  /** Wait for an editor that serves its models. */
  editor?: boolean | undefined;
}

/** A run that is open for writing, and everything its rollouts need. */
export interface OpenRun extends Steered {
  sandbox: Sandbox | null;
  close(): Promise<void>;
}

/** Whether a workflow names a model of the editor, and the caller may wait for one. */
export function waitsForEditor({ models }: Workflow, { editor }: { editor?: boolean | undefined }): boolean {
  return editor === true && Object.values(models).some(({ provider }) => provider === 'editor');
}

/** Bring up what a run needs, write `run.json`, and take the lock. What cannot begin leaves no run behind, unless it is awaited. */
export async function startRun(options: StartOptions): Promise<OpenRun> {
  const sandbox = await sandboxFor(options);
  const undo: Undo = [() => sandbox?.close()];
  try {
    return await begin(options, sandbox, undo);
  } catch (error) {
    for (const each of undo.reverse()) await each();
    throw error;
  }
}

/** What is to be done, last first, where a run cannot begin. */
type Undo = (() => unknown)[];

async function begin(options: StartOptions, sandbox: Sandbox | null, undo: Undo): Promise<OpenRun> {
  const { workflow, files } = options;
  const name = options.resume?.name ?? options.name ?? runName(options.kind);
  const path = join(workflow.folder, '.baton', 'runs', name);
  const folder = options.resume ?? RunFolder.create(path, runInfo(options, name, sandbox));
  const locked = takeLock(folder.lock);
  if ('heldBy' in locked)
    throw new Failure(
      'run.locked',
      `${folder.path} is being written by ${holderWords(locked.heldBy, folder.lock)}; look at it with: ${commandName()} show ${runWord(folder)}`,
      exit.environment,
    );
  undo.push(() => locked.lock.release());
  if (!options.resume && !options.awaited) undo.push(() => removeTree(folder.path));
  if (!options.resume) {
    const { sandbox, python = null } = options;
    const { enginePython } = options.options;
    const own = typeof enginePython === 'string' ? enginePython : null;
    rememberStart(folder, { sandbox, python, enginePython: own });
  }
  const blobs = new Blobs(folder.blobs);
  const { log } = await LogWriter.open(folder.log);
  undo.push(() => log.close());
  const { caps = {} } = options;
  const before = options.resume ? sittingSeconds(readLog(folder.log).events) : 0;
  log.append(
    options.resume
      ? { type: 'run.resumed', data: { pid: process.pid, ...(Object.keys(caps).length > 0 ? { caps } : {}) } }
      : { type: 'run.started', data: { pid: process.pid, host: hostname(), version: version() } },
  );
  await log.sync();
  const git = new GitObjects(folder.git);
  git.create();
  const budget = new Budget(limitsOf(workflow.limits, folder), before, (options.together ?? 1) === 1);
  const bought = options.resume ? boughtCalls(folder) : [];
  for (const call of bought) budget.add(call);
  const gate = new PausableGate();
  // A copy of a run's folder has its name.
  const here = createHash('sha256').update(folder.path).digest('hex').slice(0, 8);
  const cache = join(cacheFolder(), 'work', `${name}-${here}`);
  const inputs = new Inputs(join(cacheFolder(), 'inputs'));
  const sources: PolicySources = {
    secrets: userKeys(),
    env: process.env,
    allowEnv: options.allowEnv,
    files,
    engine: options.engine,
    editor: waitsForEditor(workflow, options) ? new EditorBridge() : null,
  };
  const acting = actors(options, sources, budget.limits);
  for (const agent of Object.keys(workflow.agents)) acting(agent);
  const signal = AbortSignal.any([options.abort.signal, budget.over]);
  const deps: RolloutDeps = {
    workflow,
    runSeed: options.seed,
    acting,
    sandbox,
    takeFacts:
      sandbox === null
        ? null
        : (place) => takeFacts(sandbox, { ...place, modules: workflow.modules, signal }),
    judge: judgeFor(workflow, sources, budget),
    judgeActions: false,
    blobs,
    git,
    budget,
    counted: new Set(bought.map(({ rollout }) => rollout)),
    gate,
    cache,
    inputsOf: (task) => inputs.folder(task),
    attempts: 4,
    together: options.together,
    signal,
  };
  const close = async () => {
    await log.close();
    await sandbox?.close();
    removeTree(cache);
    locked.lock.release();
  };
  const { editor } = sources;
  return { folder, log, deps, budget, gate, abort: options.abort, editor, sandbox, close };
}

async function sandboxFor({ workflow, sandbox, python }: StartOptions): Promise<Sandbox | null> {
  return Object.values(workflow.agents).some((agent) => agent.tools.length > 0)
    ? sandboxOf(sandbox, python)
    : null;
}

/** The sandbox of a level (`auto`, or `none` where the user gave up confinement on purpose), or why there is none. */
export async function sandboxOf(sandbox: string, python: string | undefined): Promise<Sandbox> {
  const opened = await openSandbox({
    level: sandbox as 'auto',
    allowNone: sandbox === 'none',
    ...(python ? { python } : {}),
  });
  if (opened.ok) return opened.sandbox;
  const why = opened.report.levels
    .map((each) => `  ${each.level}: ${each.why}${each.todo.map((todo) => `\n    ${todo}`).join('')}`)
    .join('\n');
  throw new Failure(
    'sandbox.none',
    `No sandbox works here, so nothing was run:\n${why}\nTo run agents' programs without any confinement, say --sandbox none; the log will say so.`,
    exit.environment,
  );
}

/** How each agent acts. The version is looked up at every call, since training moves it. */
function actors(
  options: StartOptions,
  sources: PolicySources,
  limits: Limits,
): (agent: string, policy?: string) => Acting {
  const open = new Map<string, Policy>();
  return (name, chosen) => {
    const { workflow, policies } = options;
    const agent = workflow.agents[name]!;
    const other = chosen !== undefined && Object.hasOwn(workflow.models, chosen) ? chosen : null;
    const model = workflow.models[other ?? agent.model]!;
    const own = model.provider === 'embedded' ? `${name}@v0` : null;
    // Only an engine of ours knows policies; any other server knows its model by the name the workflow gives it.
    const served = other ? own : (chosen ?? (own && policies[name]) ?? own);
    const key = `${model.name}/${served ?? ''}`;
    let policy = open.get(key);
    if (!policy) {
      mustBePriced(model, limits);
      const opened = openPolicy(model, served, sources);
      if ('missing' in opened)
        throw new Failure('model.unavailable', `${model.name}: ${opened.missing}`, exit.environment);
      policy = opened.policy;
      open.set(key, policy);
    }
    return {
      policy,
      // What is learned from is scored at the temperature of the training: it is sampled at it too.
      temperature:
        (options.kind === 'train' && own !== null ? workflow.training.temperature : options.temperature) ??
        agent.temperature ??
        model.temperature ??
        1,
      topP: options.kind === 'train' ? 1 : (model.top_p ?? 1),
      maxTokens: model.max_tokens ?? (model.provider === 'embedded' && model.base === undefined ? 200 : 2048),
      price: model.price ?? free,
    };
  };
}

/** A cap on dollars, wherever it was said, holds for every model that is called. */
function mustBePriced(model: Model, { dollars }: Limits): void {
  if (dollars !== undefined && isUnpriced(model))
    throw new Failure(
      'model.unpriced',
      `The cap of ${dollars} dollars cannot be kept: "${model.name}" is remote and has no price. Add price: {input: ..., output: ...} to it, or cap calls or tokens instead.`,
      exit.usage,
    );
}

/** The coach that a workflow names. What it buys is paid from the budget. */
export function judgeFor(
  workflow: Pick<Workflow, 'coach' | 'models'>,
  sources: PolicySources,
  budget: Budget,
): Judge {
  const { coach } = workflow;
  if (coach.model === null) return contractCoach;
  const model = workflow.models[coach.model]!;
  mustBePriced(model, budget.limits);
  const opened = openPolicy(model, null, sources);
  if ('missing' in opened)
    throw new Failure('model.unavailable', `${coach.model}: ${opened.missing}`, exit.environment);
  const price = model.price ?? free;
  return modelCoach({
    policy: opened.policy,
    rubric: coach.rubric?.text ?? null,
    samples: coach.samples,
    sampling: { temperature: model.temperature, topP: model.top_p, maxTokens: model.max_tokens },
    seesGroundTruth: coach.seesGroundTruth,
    truth: ({ task }) =>
      task.hidden.map((file) => ('text' in file ? file.text : readFileSync(file.path, 'utf8'))).join('\n') ||
      null,
    pay: async (tokens, signal) => {
      // Which of them are asked and which answered is not known yet.
      const dollars = Math.max(dollarsFor(price, tokens, 0), dollarsFor(price, 0, tokens));
      const reserved = await budget.reserve({ tokens, dollars }, signal);
      return {
        release: reserved.release,
        refused: reserved.refused,
        settle: (prompt, reply) => {
          const dollars = dollarsFor(price, prompt, reply);
          reserved.settle({ tokens: prompt + reply, dollars });
          return dollars;
        },
      };
    },
  });
}

/** A name that sorts by time, to the millisecond, whatever the kind. */
export function runName(kind: string): string {
  const stamp = new Date().toISOString().replace(/[-:Z]/g, '').replace(/[T.]/g, '-');
  return `${stamp}-${kind}-${randomBytes(2).toString('hex')}`;
}

function runInfo(options: StartOptions, run: string, sandbox: Sandbox | null): RunInfo {
  const { workflow } = options;
  return {
    format: 1,
    run,
    kind: options.kind,
    version: version(),
    created: Date.now(),
    file: workflow.file,
    workflow: workflow.text,
    texts: workflow.texts,
    seed: options.seed,
    tasks: options.tasks,
    options: { ...options.options, ...options.caps },
    sandbox: sandbox
      ? { level: sandbox.level, describe: sandbox.describe() }
      : { level: 'unused', describe: 'No agent has tools.' },
    engine: options.engineInfo,
    git: gitState(workflow.folder),
  };
}

/** The user's own repository, if the workflow lies in one: its commit, and whether files differ from it. */
function gitState(folder: string): RunInfo['git'] {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'core.fsmonitor=false', '-C', folder, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 5000,
    });
  try {
    return {
      commit: git('rev-parse', 'HEAD').trim(),
      dirty: git('status', '--porcelain', '--untracked-files=no').trim() !== '',
    };
  } catch {
    return { commit: null, dirty: false };
  }
}
