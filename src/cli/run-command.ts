import { join } from 'node:path';
import { evaluateRollouts } from '../evaluation/index.js';
import {
  type Alone,
  BudgetSpent,
  type Caps,
  type Ended,
  openForks,
  rolloutId,
  runBatch,
  specsAlone,
  specsFor,
} from '../rollout/index.js';
import { endingOf, type LogEvent, RunFolder, readLog, reopenedIn } from '../trace/index.js';
import type { Split, Task } from '../workflow/index.js';
import { againOf, chooseAlone, printAlone, standing } from './alone.js';
import { keptBase } from './base-place.js';
import { againCommand, endedOf, type Failed, failedOf, printFailed } from './ended.js';
import { type EngineHandle, stopWhenLost, throwIfLost } from './engine-handle.js';
import { runWord } from './find-run.js';
import { type Opened, pickTasks } from './open-workflow.js';
import { raiseCommand } from './raise.js';
import { printBlame, printSummary, type Summary, shareOf, summarise } from './report.js';
import { type OpenRun, runName, startRun, waitsForEditor } from './start-run.js';
import { listenFor } from './steering.js';
import { stopOnSignals } from './stop-on-signals.js';
import { commandName, exit, Failure, percent, type Terminal } from './terminal.js';
import { printReport } from './train-report.js';

export interface RunOptions {
  split?: Split | undefined;
  tasks?: string[] | undefined;
  limit?: number | undefined;
  samples: number;
  concurrency: number;
  seed: number;
  sandbox: string;
  python?: string | undefined;
  allowEnv: string[];
  failUnder?: number | undefined;
  hold?: boolean | undefined;
  caps?: Caps | undefined;
  resume?: RunFolder;
  /** With `resume`: rollouts that failed, of no agent's doing, are carried again. */
  failed?: boolean | undefined;
  kind?: 'run' | 'eval';
  temperature?: number | undefined;
  /** Trained weights to act with: a run, or run:checkpoint. */
  from?: string | undefined;
  /** The base to act over, where the weights' own lies elsewhere now. */
  base?: string | undefined;
  /** Wait for an editor that serves its models. */
  editor?: boolean | undefined;
  policies?: Record<string, string>;
  /** The one role that acts anew; the others say again what they wrote in the run `like`. */
  alone?: string | undefined;
  like?: string | undefined;
  /** The same, as a run that goes on has recorded it. */
  kept?: Alone | undefined;
  /** Promoted weights that roles act with, `role@version`; kept so that a resumed run has the same. */
  promoted?: Record<string, string>;
}

/** `baton run`: carry tasks through the workflow, judge every action, and say who broke the work. */
export async function runCommand(
  terminal: Terminal,
  opened: Opened,
  options: RunOptions,
  engine: EngineHandle | null,
): Promise<number> {
  const { workflow, files } = opened;
  const single = options.alone ?? options.kept?.role;
  // With one role, the limit is one of rollouts.
  const limit = single === undefined ? options.limit : undefined;
  // A run that goes on has its tasks by name.
  const split = options.resume ? undefined : options.split;
  const picked = pickTasks(opened.tasks, { split, ids: options.tasks, limit });
  if (picked.length === 0) throw new Failure('task.none', noneWords(opened.tasks, options), exit.usage);
  const kind = options.kind ?? 'run';
  const name = options.resume?.name ?? runName(kind);
  const folder = options.resume ?? new RunFolder(join(workflow.folder, '.baton', 'runs', name));
  const alone = options.kept ?? chooseAlone(terminal, workflow, options, picked, folder);
  const like = alone && againOf(alone, folder);
  const tasks = like ? picked.filter(({ id }) => like.some(({ task }) => task === id)) : picked;
  const { abort, release } = stopOnSignals();
  stopWhenLost(engine, abort);
  const run = await startRun({
    workflow,
    files,
    kind,
    name,
    ...(options.temperature === undefined ? {} : { temperature: options.temperature }),
    seed: options.seed,
    sandbox: options.sandbox,
    python: options.python,
    allowEnv: options.allowEnv,
    engine: engine?.endpoint ?? null,
    engineInfo: engine?.info ?? null,
    policies: options.policies ?? {},
    tasks: tasks.map((task) => task.id),
    options: {
      samples: options.samples,
      split: options.split ?? null,
      limit: options.limit ?? null,
      promoted: { ...options.promoted },
      temperature: options.temperature ?? null,
      from: options.from ?? null,
      failUnder: options.failUnder ?? null,
      base: keptBase(options.base, workflow.folder) ?? null,
      python: options.python ?? null,
      editor: waitsForEditor(workflow, options),
      alone,
    },
    caps: options.caps,
    abort,
    editor: options.editor,
    ...(options.resume ? { resume: options.resume } : {}),
  });
  const { samples, policies = {} } = options;
  const specs = like
    ? specsAlone(like, tasks, samples, kind, policies)
    : specsFor(tasks, samples, kind, policies);
  const taken = options.resume
    ? await takenUpAgain(terminal, run, options.failed === true)
    : { again: new Set<string>(), open: new Set<string>() };
  run.deps.again = taken.again;
  const before = options.resume ? endedOf(run.folder) : [];
  const known = new Set(before.map((ended) => ended.rollout));
  const all: Ended[] = [...before];
  terminal.emit({
    event: 'run.started',
    run: run.folder.name,
    folder: run.folder.path,
    rollouts: specs.length,
  });
  const open = specs.filter((spec) => !known.has(rolloutId(spec)));
  const ear = await listenFor(run, opened.tasks);
  if (options.hold) {
    run.gate.pause();
    terminal.note(
      `held before the first action; let it go with: ${commandName()} continue ${runWord(run.folder)}`,
    );
  }
  const forks = options.resume ? openForks(run.folder, opened.tasks, taken.open) : [];
  let status: 'done' | 'cancelled' | 'budget' | 'failed' = 'failed';
  try {
    const carried = Promise.allSettled(forks.map((spec) => ear.carry(spec)));
    const batch = await runBatch(run.folder, run.log, open, run.deps, {
      concurrency: options.concurrency,
      onEnded: (ended) => {
        all.push(ended);
        ear.rolloutEnded(ended);
        terminal.emit({ event: 'rollout.ended', ...ended });
        const share = shareOf(all);
        const good = share === null ? 'none came to its end' : `${percent(share)} succeeded`;
        terminal.progress(`${all.length}/${specs.length} rollouts, ${good}`, all.length % 20 === 0);
      },
    });
    const branches = [...(await carried), ...(await ear.idle())];
    const spent = batch.spent ?? capOf(branches, abort.signal);
    status = abort.signal.aborted ? 'cancelled' : spent !== null ? 'budget' : 'done';
    const summary = summarise(all);
    const failed = failedOf(run.folder, all);
    if (status === 'done')
      run.log.append({ type: 'run.finished', data: { status, reason: null, summary: summary as never } });
    else
      run.log.append({
        type: 'run.paused',
        data: { why: status === 'budget' ? `the budget is spent: ${spent}` : 'cancelled' },
      });
    await run.log.sync();
    if (options.kind === 'eval' && all.length > 0) report(terminal, run, options, tasks, all);
    // The last event is the one with the summary; the last thing that a person reads is how the one role did.
    const parts = [
      () => finish(terminal, run.folder, summary, failed, status, spent),
      () => alone && printAlone(terminal, alone, standing(all, alone.role), run.folder),
    ];
    for (const part of terminal.json ? parts.reverse() : parts) part();
    throwIfLost(abort);
    if (status !== 'done') return status === 'budget' ? exit.budget : exit.cancelled;
    // Where no rollout came to its end, what lacked is not in the workflow.
    if (all.length > 0 && all.every((each) => each.status === 'failed')) return exit.environment;
    if (options.failUnder === undefined) return exit.fine;
    if ((summary.success ?? 0) * 100 < options.failUnder) return exit.problems;
    // Those that came to no end could have missed it.
    return failed.length > 0 ? exit.environment : exit.fine;
  } finally {
    release();
    await ear.close(status);
    await run.close();
  }
}

/**
 * Rollouts that are carried again: those that an earlier sitting took up and did not end, and with `failed` all that
 * failed. The run's log says so first, so that a kill leaves them to be gone on with. `open`: all that the run's log has
 * as taken up, also those that failed again and only lack their row.
 */
async function takenUpAgain(
  terminal: Terminal,
  { folder, log }: OpenRun,
  failed: boolean,
): Promise<Record<'again' | 'open', ReadonlySet<string>>> {
  const { events } = readLog(folder.log);
  const open = [...reopenedIn(events)];
  const over = open.filter((rollout) => failedSince(folder, rollout, events));
  if (failed) {
    const rows = endedOf(folder, true).filter(({ status }) => status === 'failed');
    const found = [...rows.map(({ rollout }) => rollout), ...over];
    if (found.length === 0) terminal.note('No rollout has failed: there is nothing to carry again.');
    for (const rollout of found) log.append({ type: 'rollout.reopened', data: { rollout } });
    await log.sync();
    const all = new Set([...open, ...found]);
    return { again: all, open: all };
  }
  return { again: new Set(open.filter((rollout) => !over.includes(rollout))), open: new Set(open) };
}

/** Whether a rollout failed anew after the run's log took it up the last time, by its own log. */
function failedSince(folder: RunFolder, rollout: string, run: readonly LogEvent[]): boolean {
  const own = readLog(folder.rollout(rollout)).events;
  const taken = (events: readonly LogEvent[]) =>
    events.filter((event) => event.type === 'rollout.reopened' && event.data.rollout === rollout).length;
  return endingOf(own)?.status === 'failed' && taken(own) >= taken(run);
}

/** The cap that stopped a branch; null where none was stopped. Throws what else one failed with. */
function capOf(branches: readonly PromiseSettledResult<unknown>[], signal: AbortSignal): string | null {
  const reasons = branches.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
  const spent = reasons.find((reason) => reason instanceof BudgetSpent);
  const failure = reasons.find((reason) => !(reason instanceof BudgetSpent));
  if (failure !== undefined && !signal.aborted) throw failure;
  return spent?.cap ?? null;
}

/** What an evaluation adds: means with intervals whose unit is the table. */
function report(
  terminal: Terminal,
  run: OpenRun,
  options: RunOptions,
  tasks: readonly Task[],
  all: readonly Ended[],
): void {
  const found = evaluateRollouts(all);
  const name = options.from?.split(':').at(-1) ?? 'base';
  // Tasks that were named are held out only where they are.
  const splits = new Set(tasks.map((task) => task.split));
  const split = options.split ?? (splits.size === 1 ? [...splits][0]! : 'all');
  run.log.append({
    type: 'evaluation',
    data: { name, split, policies: options.policies ?? {}, report: found as never },
  });
  terminal.emit({ event: 'evaluation', name, split, report: found });
  printReport(terminal, found);
}

/** Why no task was chosen, and what to do. */
function noneWords(tasks: readonly Task[], { split, tasks: ids }: RunOptions): string {
  if (split === undefined || ids !== undefined || tasks.some((task) => task.split === split))
    return 'No task is chosen; leave --split and --tasks out to run all.';
  const other = tasks[0] ? ` Or take another: --split ${tasks[0].split}` : '';
  return `No task is in the split "${split}". Say under tasks.split which are in it, or "split: ${split}" at a task.${other}`;
}

function finish(
  terminal: Terminal,
  folder: RunFolder,
  summary: Summary,
  failed: readonly Failed[],
  status: string,
  spent: string | null,
): void {
  terminal.emit({ event: 'run.finished', run: folder.name, status, failed, summary });
  terminal.say();
  printBlame(terminal, summary);
  printFailed(terminal, failed);
  terminal.say();
  printSummary(terminal, summary);
  terminal.say(`log: ${folder.path}`);
  const [first] = summary.blame;
  if (status === 'done' && failed[0]) terminal.say(`when that is mended: ${againCommand(folder)}`);
  if (status === 'done' && first)
    terminal.say(`next: ${commandName()} why ${runWord(folder)} ${first.example.rollout}`);
  if (status === 'budget')
    terminal.say(`Stopped: ${spent} is reached. Go on with a higher one: ${raiseCommand(folder, spent)}`);
  if (status === 'cancelled')
    terminal.say(`Cancelled. Go on with: ${commandName()} resume ${runWord(folder)}`);
}
