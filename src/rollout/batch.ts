import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import type { LogEvent, LogWriter, RunFolder } from '../trace/index.js';
import { BudgetSpent } from './budget.js';
import { carryRollout, type Ended, type RolloutSpec } from './carry.js';
import type { RolloutDeps } from './deps.js';

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
  const limit = pLimit(options.concurrency);
  // One listener per call under way is meant; the default warns at eleven.
  setMaxListeners(0, deps.signal);
  const ended: Ended[] = [];
  let spent: string | null = null;
  let failure: unknown;
  await Promise.all(
    specs.map((spec) =>
      limit(async () => {
        if (spent !== null || failure !== undefined || deps.signal.aborted) return;
        try {
          const done = await carryRollout(folder, spec, deps);
          if (!options.known?.has(done.ended.rollout))
            log.append({ type: 'rollout.ended', data: done.ended });
          // Whoever follows the run sees it now; a failure to write comes up at the last sync.
          void log.sync().catch(() => undefined);
          ended.push(done.ended);
          options.onEnded?.(done.ended, done.events);
        } catch (error) {
          if (error instanceof BudgetSpent) spent = error.cap;
          else if (!deps.signal.aborted) failure ??= error;
        }
      }),
    ),
  );
  await log.sync();
  if (failure !== undefined) throw failure;
  return { ended, spent };
}
