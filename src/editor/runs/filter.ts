import { culprit } from '../../coach/index.js';
import type { RolloutRow } from '../../trace/index.js';

/** Which rollouts the tree shows; null: all. */
export interface RolloutFilter {
  outcome: 'succeeded' | 'failed' | null;
  stratum: string | null;
  role: string | null;
  blamed: string | null;
}

export const noFilter: RolloutFilter = { outcome: null, stratum: null, role: null, blamed: null };

export function isFiltering(filter: RolloutFilter): boolean {
  return Object.values(filter).some((value) => value !== null);
}

export function passes(row: RolloutRow, filter: RolloutFilter): boolean {
  if (filter.outcome !== null && (row.outcome?.success === true) !== (filter.outcome === 'succeeded'))
    return false;
  if (filter.stratum !== null && row.stratum !== filter.stratum) return false;
  if (filter.role !== null && !row.scores.some((score) => score.agent === filter.role)) return false;
  return filter.blamed === null || blamedRole(row) === filter.blamed;
}

/** The role that broke a failed rollout; null where it succeeded or nobody is known to have. */
export function blamedRole(row: RolloutRow): string | null {
  return row.outcome?.success === true ? null : (culprit(row)?.agent ?? null);
}
