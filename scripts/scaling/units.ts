import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openRecorded } from '../../src/cli/open-workflow.js';
import { contractCoach } from '../../src/coach/index.js';
import { agentOf, Blobs, isCoachCall, RolloutPages, type RunFolder, readLog } from '../../src/trace/index.js';
import { type StepReport, stepName } from '../../src/training/index.js';

/** What one step of a run costs, measured from its log and its weights. */
export interface Units {
  steps: number;
  roles: string[];
  /** Rollouts and actions a step. */
  rollouts: number;
  actions: number;
  /** Of an action: tokens of its prompts and its replies, and seconds of its programs. */
  promptTokens: number;
  replyTokens: number;
  programSeconds: number;
  /** Tokens sampled a second by one engine, all roles and rollouts together. */
  sampledPerSecond: number;
  /** Tokens (prompts too) that updates went over a second, with their proofs. */
  trainedPerSecond: number;
  /** Seconds of a verdict by contracts. */
  contractSeconds: number;
  /** Bytes of a rollout's log; of these, token ids and log-probabilities; bodies over 4 KB beside it. */
  logBytes: number;
  tokenBytes: number;
  blobBytes: number;
  /** Bytes of a role's adapter and of its optimiser's state; null where no weights are at hand. */
  adapterBytes: number | null;
  optimizerBytes: number | null;
}

const mean = (sum: number, count: number): number => (count === 0 ? 0 : sum / count);

/** Units of a training run that finished a step in which a role was trained. Throws where there is none. */
export async function unitsOf(run: RunFolder, weights: string | null): Promise<Units> {
  const reports = readLog(run.log).events.flatMap((event) =>
    event.type === 'training.step' ? [event.data.report as unknown as StepReport] : [],
  );
  const trained = reports.filter(({ roles }) => roles.some(({ updates }) => updates > 0));
  if (trained.length === 0) throw new Error(`${run.path} has no step in which a role was trained.`);
  const sums = {
    rollouts: 0,
    actions: 0,
    calls: 0,
    prompt: 0,
    reply: 0,
    programs: 0,
    log: 0,
    ids: 0,
    judge: 0,
  };
  let verdicts = 0;
  const perRole = new Map<string, number>();
  const finished = new Set(reports.map(({ step }) => stepName(step + 1)));
  const { workflow, tasks } = openRecorded(run, { allowEnv: [], embeddedRoles: undefined });
  const judging = { workflow, blobs: new Blobs(run.blobs), signal: new AbortController().signal };
  for (const { step, task, rollout, outcome } of new RolloutPages(run).all()) {
    if (!finished.has(step)) continue;
    sums.rollouts += 1;
    const path = run.rollout(rollout);
    sums.log += statSync(path).size;
    const { events } = readLog(path);
    for (const event of events) {
      if (event.type === 'action.finished') sums.actions += 1;
      if (event.type === 'tool.ran') sums.programs += event.data.seconds;
      if (event.type !== 'model.called' || isCoachCall(event.data.action)) continue;
      const { promptIds, ids, logprobs, usage, action } = event.data;
      sums.prompt += usage.promptTokens;
      sums.reply += usage.replyTokens;
      sums.ids += JSON.stringify([promptIds, ids, logprobs]).length;
      const own = usage.promptTokens + usage.replyTokens;
      perRole.set(agentOf(action), (perRole.get(agentOf(action)) ?? 0) + own);
    }
    const start = performance.now();
    const own = tasks.find(({ id }) => id === task)!;
    const judged = { ...judging, task: own, rollout, events, outcome };
    verdicts += (await contractCoach(judged, async () => undefined)).length;
    sums.judge += (performance.now() - start) / 1000;
  }
  const seconds = (what: 'sampling' | 'training', of: StepReport[]) =>
    of.reduce((sum, report) => sum + report.seconds[what], 0);
  // A role that was skipped cost nothing to train; its tokens count only in the steps where it was not.
  const share = (role: string) =>
    mean(
      trained.filter((report) => report.roles.some((r) => r.role === role && r.updates > 0)).length,
      reports.length,
    );
  const over = [...perRole].reduce((sum, [role, tokens]) => sum + tokens * share(role), 0);
  return {
    steps: reports.length,
    roles: [...perRole.keys()],
    rollouts: mean(sums.rollouts, reports.length),
    actions: mean(sums.actions, reports.length),
    promptTokens: mean(sums.prompt, sums.actions),
    replyTokens: mean(sums.reply, sums.actions),
    programSeconds: mean(sums.programs, sums.actions),
    sampledPerSecond: sums.reply / seconds('sampling', reports),
    trainedPerSecond: over / seconds('training', trained),
    contractSeconds: mean(sums.judge, verdicts),
    logBytes: mean(sums.log, sums.rollouts),
    tokenBytes: mean(sums.ids, sums.rollouts),
    blobBytes: mean(bytesBelow(run.blobs), new RolloutPages(run).all().length),
    ...weightsOf(weights),
  };
}

function bytesBelow(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** The newest version of some role. */
function weightsOf(folder: string | null): Pick<Units, 'adapterBytes' | 'optimizerBytes'> {
  const none = { adapterBytes: null, optimizerBytes: null };
  if (folder === null || !existsSync(join(folder, 'policies'))) return none;
  const made = readdirSync(join(folder, 'policies')).flatMap((role) =>
    readdirSync(join(folder, 'policies', role)).map((version) => join(folder, 'policies', role, version)),
  );
  const version = made.at(-1);
  if (version === undefined) return none;
  const optimizer = readdirSync(version).find((name) => name.startsWith('optimizer'));
  const all = bytesBelow(version);
  const state = optimizer ? statSync(join(version, optimizer)).size : 0;
  return { adapterBytes: all - state, optimizerBytes: state };
}
