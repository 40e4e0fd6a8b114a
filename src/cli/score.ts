import { contractCoach } from '../coach/index.js';
import type { PolicySources } from '../policy/index.js';
import { Budget, BudgetSpent, type Caps, capIn, capsAmong, type Ended, limitsOf } from '../rollout/index.js';
import {
  Blobs,
  countedVerdicts,
  isCoachCall,
  type Judge,
  type LogEvent,
  type RunFolder,
  readLog,
  readReviews,
  reviewed,
  scoresOf,
  type Verdict,
} from '../trace/index.js';
import type { Workflow } from '../workflow/index.js';
import { endedOf, noteDamage } from './ended.js';
import { runWord } from './find-run.js';
import { userKeys } from './keys.js';
import { type Opened, openRecorded } from './open-workflow.js';
import { ReviewPass } from './review-pass.js';
import { judgeFor } from './start-run.js';
import { stopOnSignals } from './stop-on-signals.js';
import { commandName, exit, Failure, type Terminal } from './terminal.js';

export interface ScoreOptions extends Caps {
  /** A model of the workflow that judges, in place of the workflow's coach; `contracts` for the contracts alone. */
  coach?: string | undefined;
  allowEnv: string[];
}

/**
 * `baton score`: judge an old run again by its own text of the workflow, without generating anything again. The
 * verdicts go to reviews/; what a model coach answered is logged first, and a pass that was stopped goes on.
 */
export async function scoreCommand(
  terminal: Terminal,
  folder: RunFolder,
  options: ScoreOptions,
): Promise<number> {
  const opened = openRecorded(folder, { allowEnv: options.allowEnv, embeddedRoles: undefined });
  noteDamage(terminal, folder.name, readLog(folder.log));
  const workflow = withCoach(opened.workflow, options.coach);
  const writer = workflow.coach.model === null ? 'contracts' : `coach-${workflow.coach.model}`;
  const budget = new Budget({ ...limitsOf(workflow.limits, folder), ...capsAmong(options) });
  const judge = judgeOf(workflow, opened, options, budget);
  const tasks = new Map(opened.tasks.map((task) => [task.id, task]));
  const pass = await ReviewPass.open(folder, writer);
  for (const call of pass.calls()) budget.add(call);
  const tally = { judged: 0, changed: 0, abstained: 0 };
  const all = endedOf(folder);
  const earlier = readReviews(folder);
  const { abort, release } = stopOnSignals();
  const signal = AbortSignal.any([abort.signal, budget.over]);
  try {
    for (const [at, ended] of all.entries()) {
      if (abort.signal.aborted) break;
      const task = tasks.get(ended.task);
      if (!task || pass.has(ended.rollout)) continue;
      const log = readLog(folder.rollout(ended.rollout));
      noteDamage(terminal, ended.rollout, log);
      const reviews = earlier.get(ended.rollout) ?? [];
      const verdicts = await judgeOne({ folder, workflow, judge, pass, signal }, task, ended, log.events);
      if (verdicts) count(verdicts, ended, [...log.events, ...reviews], tally);
      terminal.progress(`${at + 1}/${all.length} rollouts judged`, (at + 1) % 20 === 0);
    }
    if (!abort.signal.aborted) await pass.finish();
  } catch (error) {
    if (abort.signal.aborted) return stopped(terminal, folder, options, null);
    if (!(error instanceof BudgetSpent)) throw error;
    return stopped(terminal, folder, options, error.cap);
  } finally {
    release();
    await pass.close();
  }
  if (abort.signal.aborted) return stopped(terminal, folder, options, null);
  terminal.emit({
    run: folder.name,
    coach: workflow.coach.model ?? 'contracts',
    ...tally,
    spent: budget.spent,
  });
  terminal.say(
    `Judged ${tally.judged} actions of ${folder.name} again: ${tally.changed} verdicts differ from what counted before${tally.abstained > 0 ? `, ${tally.abstained} are null` : ''}.`,
  );
  terminal.say(`next: ${commandName()} why ${runWord(folder)}`);
  return exit.fine;
}

/** Say how a pass goes on that a cap stopped, or that was cancelled (`cap` is null). */
function stopped(terminal: Terminal, folder: RunFolder, { coach }: ScoreOptions, cap: string | null): number {
  const reached = capIn(cap ?? '');
  const flags = [
    ...(coach === undefined ? [] : ['--coach', coach]),
    ...(reached ? [`--${reached.name}`, String(reached.most * 2)] : []),
  ];
  const again = [commandName(), 'score', runWord(folder), ...flags].join(' ');
  const why = cap === null ? 'Cancelled.' : `Stopped: ${cap} is reached.`;
  terminal.emit({ event: 'score.stopped', run: folder.name, why: cap ?? 'cancelled', again });
  terminal.say(`${why} The verdicts so far are kept; go on with: ${again}`);
  return cap === null ? exit.cancelled : exit.budget;
}

function withCoach(workflow: Workflow, coach: string | undefined): Workflow {
  if (coach === undefined) return workflow;
  if (coach === 'contracts') return { ...workflow, coach: { ...workflow.coach, model: null } };
  if (Object.hasOwn(workflow.models, coach))
    return { ...workflow, coach: { ...workflow.coach, model: coach } };
  throw new Failure(
    'name.unknown-model',
    `The run's workflow has no model "${coach}"; it has ${Object.keys(workflow.models).join(', ')}.`,
    exit.usage,
  );
}

function judgeOf(workflow: Workflow, opened: Opened, options: ScoreOptions, budget: Budget): Judge {
  if (workflow.coach.model === null) return contractCoach;
  const sources: PolicySources = {
    secrets: userKeys(),
    env: process.env,
    allowEnv: options.allowEnv,
    files: opened.files,
    engine: null,
    editor: null,
  };
  return judgeFor(workflow, sources, budget);
}

interface Judging {
  folder: RunFolder;
  workflow: Workflow;
  judge: Judge;
  pass: ReviewPass;
  signal: AbortSignal;
}

/** Judge one rollout and keep the verdicts; null for one without an outcome. */
async function judgeOne(
  { folder, workflow, judge, pass, signal }: Judging,
  task: Opened['tasks'][number],
  { rollout }: Ended,
  own: readonly LogEvent[],
): Promise<Verdict[] | null> {
  const outcome = own.findLast((event) => event.type === 'outcome')?.data ?? null;
  if (!outcome) return null;
  // What the run's own coach answered is not this pass's answer; what this pass bought before it was stopped is.
  const events = [
    ...own.filter((event) => event.type !== 'model.called' || !isCoachCall(event.data.action)),
    ...pass.callsOf(rollout),
  ];
  const blobs = new Blobs(folder.blobs);
  const verdicts = await judge({ workflow, task, rollout, events, blobs, outcome, signal }, (event) =>
    pass.bought(rollout, event),
  );
  await pass.judged(verdicts.map((verdict) => ({ ...verdict, action: reviewed(rollout, verdict.action) })));
  return verdicts;
}

/** Add what these verdicts say, and what they change of what counted `before` them. */
function count(
  verdicts: readonly Verdict[],
  ended: Ended,
  before: readonly LogEvent[],
  tally: { judged: number; changed: number; abstained: number },
): void {
  const given = verdicts.map((data) => ({
    type: 'verdict' as const,
    data,
    seq: 0,
    at: 0,
    prev: '',
    sum: '',
  }));
  for (const { score } of countedVerdicts(given).values()) {
    tally.judged += 1;
    if (score === null) tally.abstained += 1;
  }
  const counted = new Map(ended.scores.map((score) => [score.action, score]));
  for (const { action, score, code } of scoresOf([...before, ...given])) {
    const old = counted.get(action);
    if (old?.score !== score || old?.code !== code) tally.changed += 1;
  }
}
