import { culprit } from '../../coach/index.js';
import { cameToEnd, type RolloutRow } from '../../trace/index.js';

/** Which rollouts the tree shows: one of each list's values must hold; an empty list asks for nothing. */
export interface RolloutFilter {
  /** Lost: it came to no end, of no agent's doing. */
  outcome: readonly ('succeeded' | 'failed' | 'lost')[];
  stratum: readonly string[];
  role: readonly string[];
  blamed: readonly string[];
}

export const noFilter: RolloutFilter = { outcome: [], stratum: [], role: [], blamed: [] };

/** A filter of several choices: those of one kind are alternatives. */
export function filterOf(choices: readonly Partial<RolloutFilter>[]): RolloutFilter {
  const all = <K extends keyof RolloutFilter>(kind: K) =>
    choices.flatMap((each) => each[kind] ?? []) as unknown as RolloutFilter[K];
  return { outcome: all('outcome'), stratum: all('stratum'), role: all('role'), blamed: all('blamed') };
}

export function isFiltering(filter: RolloutFilter): boolean {
  return Object.values(filter).some((values) => values.length > 0);
}

export function passes(row: RolloutRow, filter: RolloutFilter): boolean {
  const one = (values: readonly string[], ...of: (string | null)[]) =>
    values.length === 0 || of.some((each) => each !== null && values.includes(each));
  return (
    one(filter.outcome, cameToEnd(row) ? (row.outcome?.success === true ? 'succeeded' : 'failed') : 'lost') &&
    one(filter.stratum, row.stratum) &&
    one(filter.role, ...row.scores.map((score) => score.agent)) &&
    one(filter.blamed, blamedRole(row))
  );
}

/** The role that broke a failed rollout; null where it succeeded or nobody is known to have. */
export function blamedRole(row: RolloutRow): string | null {
  return culprit(row)?.agent ?? null;
}
