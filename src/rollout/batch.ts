import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import type { ChatMessage } from '../policy/index.js';
import { agentOf, type LogEvent, type LogWriter, type RunFolder } from '../trace/index.js';
import type { Flow, Workflow } from '../workflow/index.js';
import { BudgetSpent, capThatStopped } from './budget.js';
import { carryRollout, type Ended, type RolloutSpec } from './carry.js';
import type { RolloutDeps } from './deps.js';
import { rolloutId } from './ids.js';
import { type BatchMark, type Called, Lockstep } from './lockstep.js';

export interface BatchOptions {
  concurrency: number;
  /** Called as each rollout ends, in the order of ending. */
  onEnded?: (ended: Ended, events: LogEvent[]) => void;
  /** Rollouts that run.jsonl already records as ended: they are not written there again. */
  known?: ReadonlySet<string>;
}

/** Carry many rollouts, some at a time; each that ends is recorded in run.jsonl. Stops early when a cap is reached. */
export async function runBatch(
  folder: RunFolder,
  log: LogWriter,
  specs: readonly RolloutSpec[],
  deps: RolloutDeps,
  options: BatchOptions,
): Promise<{ ended: Ended[]; spent: string | null }> {
  // One listener per call under way is meant; the default warns at eleven.
  setMaxListeners(0, deps.signal);
  const ended: Ended[] = [];
  let spent: string | null = null;
  let failure: unknown;
  const carry = async (spec: RolloutSpec, own: RolloutDeps): Promise<void> => {
    if (spent !== null || failure !== undefined || deps.signal.aborted) return;
    try {
      const done = await carryRollout(folder, spec, own);
      if (!options.known?.has(done.ended.rollout)) log.append({ type: 'rollout.ended', data: done.ended });
      // Whoever follows the run sees it now; a failure to write comes up at the last sync.
      void log.sync().catch(() => undefined);
      ended.push(done.ended);
      options.onEnded?.(done.ended, done.events);
    } catch (error) {
      if (error instanceof BudgetSpent) spent = error.cap;
      else if (!deps.signal.aborted) failure ??= error;
    }
  };
  const groups = groupsOf(specs, deps, options.concurrency);
  const limit = pLimit(Math.max(1, Math.floor(options.concurrency / (groups[0]?.length ?? 1))));
  await Promise.all(groups.map((group) => limit(() => carryTogether(group, deps, carry))));
  const { budget } = deps;
  if (failure === undefined && ended.length < specs.length) spent ??= capThatStopped(deps.signal);
  if (spent !== null)
    log.append({ type: 'budget.spent', data: { ...budget.spent, seconds: budget.seconds, cap: spent } });
  await log.sync();
  if (failure !== undefined) throw failure;
  return { ended, spent };
}

/**
 * Rollouts that make their calls together, in the order of their specs; each alone where nothing asks for company, or
 * where agents that work side by side have no order of calls.
 */
export function groupsOf(
  specs: readonly RolloutSpec[],
  { together = 1, workflow }: { together?: number | undefined; workflow: Pick<Workflow, 'flow'> },
  concurrency: number,
): RolloutSpec[][] {
  const size = branches(workflow.flow) ? 1 : Math.max(1, Math.min(together, concurrency));
  return Array.from({ length: Math.ceil(specs.length / size) }, (_, at) =>
    specs.slice(at * size, (at + 1) * size),
  );
}

function branches(flow: Flow): boolean {
  if (flow.is === 'parallel') return true;
  if (flow.is === 'sequence') return flow.steps.some(branches);
  return flow.is === 'repeat' && branches(flow.body);
}

async function carryTogether(
  group: readonly RolloutSpec[],
  deps: RolloutDeps,
  carry: (spec: RolloutSpec, deps: RolloutDeps) => Promise<void>,
): Promise<void> {
  if (group.length === 1) return carry(group[0]!, deps);
  const again = (call: Called, mark: BatchMark) => void askAgain(call, mark, deps);
  const lockstep = new Lockstep(rolloutId(group[0]!), group.length, deps.signal, again);
  await Promise.all(
    group.map(async (spec, at) => {
      const pace = lockstep.pace(at);
      await carry(spec, { ...deps, pace });
      pace.end();
    }),
  );
}

/** Keeps a call company: its answer is on record, so this one is dropped, whatever it is. */
async function askAgain(call: Called, batch: BatchMark, deps: RolloutDeps): Promise<void> {
  const { policy, maxTokens } = deps.acting(agentOf(call.action));
  const { temperature, topP, seed } = call;
  const messages = JSON.parse(deps.blobs.text(call.messages)) as ChatMessage[];
  await policy
    .ask({ messages, temperature, topP, maxTokens, seed, signal: deps.signal, batch })
    .catch(() => undefined);
}
