import { culprit } from '../../coach/index.js';
import { cameToEnd, isFork, type RolloutRow } from '../../trace/index.js';
import type { Run } from '../runs/run.js';

/** Rollouts that are looked through for one that failed. */
const RECENT = 500;

/** What is worth stepping through: the last failed rollout, of a role the last it broke, else the last there is. */
export function lastFailed(run: Run, role?: string): RolloutRow | undefined {
  const count = run.pages.count();
  const rows = run.pages.page(Math.max(0, count - RECENT), RECENT);
  const own = rows.filter((row) => !isFork(row));
  // One that came to no end failed of no agent's doing.
  const failed = own.filter((row) => cameToEnd(row) && row.outcome?.success !== true);
  return (
    failed.findLast((row) => role === undefined || culprit(row)?.agent === role) ??
    failed.at(-1) ??
    own.at(-1) ??
    rows.at(-1)
  );
}
