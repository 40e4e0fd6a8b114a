import { evaluateRollouts } from '../evaluation/index.js';
import type { Caps } from '../rollout/index.js';
import { type RunFolder, type RunInfo, readLog } from '../trace/index.js';
import {
  bestCheckpoint,
  EveryRolloutFailed,
  rolloutsAStep,
  savedCheckpoints,
  type Trained,
  TrainingBudgetSpent,
  TrainingLoop,
} from '../training/index.js';
import { type Split, type Task, type Workflow, withOwnWeights } from '../workflow/index.js';
import { keptBase } from './base-place.js';
import { endedOf, failedOf, printFailed } from './ended.js';
import type { EngineChoice, RunningEngine } from './engine.js';
import { stopWhenLost, throwIfLost } from './engine-handle.js';
import { runWord } from './find-run.js';
import { rolesOf } from './frozen.js';
import { type Opened, pickTasks } from './open-workflow.js';
import { raiseCommand } from './raise.js';
import { printBlame, summarise } from './report.js';
import { shardsOver, takeScheduler } from './shards.js';
import { type OpenRun, startRun, waitsForEditor } from './start-run.js';
import { listenFor } from './steering.js';
import { stopOnSignals } from './stop-on-signals.js';
import { commandName, counted, exit, Failure, inert, percent, type Terminal } from './terminal.js';
import { finishTraining } from './train-finish.js';
import { watchOn } from './train-watch.js';

/** What is chosen at the command; kept in run.json, so that a resumed run has the same. */
export interface TrainOptions extends EngineChoice, Caps {
  steps?: number | undefined;
  rollouts?: number | undefined;
  roles?: string[] | undefined;
  /** Override of `training.reward`, for controls. */
  reward?: Workflow['training']['reward'] | undefined;
  /** In place of `training.seed`. */
  seed?: number | undefined;
  concurrency: number;
  evalTasks: number;
  selectTasks: number;
  sandbox: string;
  python?: string | undefined;
  /** A box that the engine runs on, while the loop runs here. */
  engineOn?: string | undefined;
  /** What roles act with that are not trained, `role@version` by role, where that is not their base. */
  promoted?: Record<string, string> | undefined;
  /** Wait for an editor that serves its models. */
  editor?: boolean | undefined;
}

export interface TrainPlace {
  opened: Opened;
  engine: RunningEngine;
  /** The run's name: it names the engine's folder of weights too. */
  name: string;
  /** A job that is known by that name. */
  awaited?: boolean;
  allowEnv: string[];
  resume?: RunFolder;
  /** Limits in place of those a resumed run has so far. */
  caps?: Caps;
}

/** `baton train`: measure the untrained team, train each role, pick a checkpoint on `select`, measure it on `test`. */
export async function trainCommand(
  terminal: Terminal,
  { opened, engine, name, awaited, allowEnv, resume, caps }: TrainPlace,
  options: TrainOptions,
): Promise<number> {
  const workflow = chosen(opened.workflow, options);
  const splits = splitsOf(opened.tasks, options);
  const roles = rolesOf(workflow, options.roles);
  const { abort, release } = stopOnSignals();
  stopWhenLost(engine, abort);
  const untrained = withOwnWeights(workflow).map(({ name }) => [name, `${name}@v0`]);
  const policies = { ...Object.fromEntries(untrained), ...options.promoted };
  const run = await startRun({
    workflow,
    files: opened.files,
    kind: 'train',
    name,
    awaited,
    seed: workflow.training.seed,
    sandbox: options.sandbox,
    python: options.python,
    allowEnv,
    engine: engine.endpoint,
    engineInfo: engine.info,
    policies,
    tasks: Object.values(splits).flatMap((tasks) => tasks.map((task) => task.id)),
    options: keptOptions(workflow, options),
    abort,
    together: engine.together,
    editor: options.editor,
    caps,
    ...(resume ? { resume } : {}),
  });
  const ear = await listenFor(run, opened.tasks);
  const scheduler = takeScheduler(process.env);
  let status = 'failed';
  try {
    terminal.emit({ event: 'run.started', run: run.folder.name, folder: run.folder.path, kind: 'train' });
    const loop = await TrainingLoop.open({
      workflow,
      folder: run.folder,
      log: run.log,
      deps: run.deps,
      client: engine.engine.client,
      policies,
      roles,
      concurrency: options.concurrency,
      ...(scheduler ? { elsewhere: shardsOver(scheduler, terminal, run, { ...options, allowEnv }) } : {}),
      watch: watchOn(terminal, run.folder, workflow.training, (ended) => ear.rolloutEnded(ended)),
    });
    noteFewer(terminal, workflow.training, splits.train.length);
    const trained = await trainAndMeasure(terminal, run, loop, splits, engine);
    status = trained ? 'done' : 'cancelled';
    if (trained) return await finishTraining(terminal, run, trained);
    const code = await stopped(terminal, run, 'cancelled');
    throwIfLost(abort);
    return code;
  } catch (error) {
    if (error instanceof EveryRolloutFailed) throw nothingEnded(run.folder, error);
    if (!(error instanceof TrainingBudgetSpent)) throw error;
    status = 'budget';
    return await stopped(terminal, run, `the budget is spent: ${error.cap}`);
  } finally {
    release();
    await ear.close(status);
    await run.close();
  }
}

async function trainAndMeasure(
  terminal: Terminal,
  run: OpenRun,
  loop: TrainingLoop,
  splits: Record<Split, Task[]>,
  engine: RunningEngine,
): Promise<Trained | null> {
  const groups = new Set(splits.test.map((task) => task.group)).size;
  const { engine: kind, backend, reasons } = engine.info;
  terminal.note([`engine: ${kind} on ${backend}`, ...reasons].join('\n  '));
  if (loop.next > 0) terminal.note(`going on after step ${loop.next}`);
  terminal.note(`the untrained team, on ${splits.test.length} held-out tasks of ${groups} tables:`);
  const before = await loop.measureBase(splits);
  const summary = summarise(before);
  const { blame, unblamed, rollouts } = summary;
  terminal.emit({ event: 'blame', name: 'base', split: 'test', rollouts, blame, unblamed });
  printBlame(terminal, summary);
  printFailed(terminal, failedOf(run.folder, before));
  if (before.length > 0) terminal.say(`success ${percent(evaluateRollouts(before).success.mean)}\n`);
  return loop.train(splits, before);
}

/** Says where a step carries fewer rollouts than were asked for. */
function noteFewer(terminal: Terminal, training: Workflow['training'], tasks: number): void {
  const carried = rolloutsAStep(training, tasks);
  if (carried >= training.rollouts) return;
  const each = counted(training.samples, 'sample');
  terminal.note(
    `${carried} rollouts a step, not ${training.rollouts}: there are ${counted(tasks, 'task')} to train on, with ${each} of each (training.samples)`,
  );
}

/** What was chosen, as run.json holds it. A base on a box that the engine runs on is named as it is there. */
function keptOptions(workflow: Workflow, options: TrainOptions): RunInfo['options'] {
  const base = options.engineOn ? options.base : keptBase(options.base, workflow.folder);
  const editor = waitsForEditor(workflow, options);
  return JSON.parse(JSON.stringify({ ...options, base, editor })) as RunInfo['options'];
}

function nothingEnded(folder: RunFolder, { label, ended }: EveryRolloutFailed): Failure {
  const [most] = failedOf(folder, ended);
  return new Failure(
    'rollout.failed',
    `${label}: all ${counted(ended.length, 'rollout')} failed, of no agent's doing: ${inert(most!.reason)}\nWhat is trained so far stays. When that is mended, go on with: ${commandName()} resume ${runWord(folder)}`,
    exit.environment,
  );
}

async function stopped(terminal: Terminal, run: OpenRun, why: string): Promise<number> {
  run.log.append({ type: 'run.paused', data: { why } });
  await run.log.sync();
  const saved = savedCheckpoints(readLog(run.folder.log).events);
  const best = bestCheckpoint(saved)?.name;
  const summary = summarise(endedOf(run.folder));
  terminal.emit({ event: 'run.paused', run: run.folder.name, why, checkpoints: saved, summary });
  terminal.say(
    `Stopped (${why}) with ${counted(saved.length, 'checkpoint')}${best ? `; the best so far on select is ${best}` : ''}. log: ${run.folder.path}`,
  );
  terminal.say(
    why === 'cancelled'
      ? `Go on with: ${commandName()} resume ${runWord(run.folder)}`
      : `Go on with a higher one: ${raiseCommand(run.folder, why)}`,
  );
  return why === 'cancelled' ? exit.cancelled : exit.budget;
}

/** The workflow with what was chosen at the command in place of its own knobs. */
function chosen(workflow: Workflow, options: TrainOptions): Workflow {
  const { steps, rollouts, reward, deterministic, seed } = options;
  const given = (values: object) =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  return {
    ...workflow,
    training: { ...workflow.training, ...given({ steps, rollouts, reward, deterministic, seed }) },
  };
}

/** The tasks of a training. Throws where there are none to train, to select or to measure on. */
export function splitsOf(all: readonly Task[], options: TrainOptions): Record<Split, Task[]> {
  const split = (name: Split, limit?: number) => pickTasks(all, { split: name, limit });
  const splits = {
    train: split('train'),
    select: split('select', options.selectTasks),
    test: split('test', options.evalTasks),
  };
  for (const name of ['train', 'select', 'test'] as const)
    if (splits[name].length === 0)
      throw new Failure(
        'split.empty',
        `There is no task in the split "${name}"; say how to split under tasks.split.`,
      );
  return splits;
}
