import { cameToEnd, type EventData } from '../trace/index.js';
import { type Interval, tInterval } from './interval.js';

export type Ended = EventData<'rollout.ended'>;

/** Success, metrics and scores with intervals whose unit is the table (the task's group). */
export interface Report {
  rollouts: number;
  /** Rollouts that came to no end, of no agent's doing: they count in nothing here. */
  lost: number;
  success: Interval;
  byStratum: Record<string, Interval>;
  /** Mean over rollouts with a valid result, and with failures charged their fallback. */
  metrics: Record<string, { raw: Interval; fair: Interval }>;
  byRole: Record<string, Interval>;
  repaired: { failed: number; repaired: number };
  /** What checkpoints are ranked by: the mean over strata of the fair score on 0..1; success where there is no metric. */
  rank: number;
  /** The fair score on 0..1, higher is better, one value a table: tables of different scales can be averaged. */
  score: Interval;
}

/** Samples are averaged in a task, tasks in a table; tables are the independent values. */
export function tableMeans(
  ended: readonly Ended[],
  value: (rollout: Ended) => number | null,
): Map<string, number> {
  const tables = new Map<string, Map<string, number[]>>();
  for (const rollout of ended) {
    const found = value(rollout);
    if (found === null) continue;
    const tasks = tables.get(rollout.group) ?? new Map<string, number[]>();
    tasks.set(rollout.task, [...(tasks.get(rollout.task) ?? []), found]);
    tables.set(rollout.group, tasks);
  }
  return new Map([...tables].map(([table, tasks]) => [table, mean([...tasks.values()].map(mean))]));
}

/** 1 or 0; null where it came to no end. */
export const succeeded = (rollout: Ended): number | null =>
  cameToEnd(rollout) ? Number(rollout.outcome?.success === true) : null;

/** The fair score on 0..1, a failure of the team with its fallback; null where it came to no end. */
export function fairUnit(rollout: Ended): number | null {
  if (!cameToEnd(rollout)) return null;
  const units = Object.values(rollout.outcome?.metrics ?? {}).flatMap((metric) =>
    metric.unit === null ? [] : [metric.unit],
  );
  return units.length === 0 ? succeeded(rollout) : mean(units);
}

export function evaluateRollouts(all: readonly Ended[]): Report {
  const ended = all.filter(cameToEnd);
  const over = (of: readonly Ended[], value: (rollout: Ended) => number | null) =>
    tInterval([...tableMeans(of, value).values()]);
  const strata = [...new Set(ended.map((rollout) => rollout.stratum))].sort();
  const inStratum = (stratum: string) => ended.filter((rollout) => rollout.stratum === stratum);
  const metrics = [
    ...new Set(ended.flatMap((rollout) => Object.keys(rollout.outcome?.metrics ?? {}))),
  ].sort();
  const roles = [...new Set(ended.flatMap((rollout) => rollout.scores.map((score) => score.agent)))];
  return {
    rollouts: ended.length,
    lost: all.length - ended.length,
    success: over(ended, succeeded),
    byStratum: Object.fromEntries(strata.map((stratum) => [stratum, over(inStratum(stratum), succeeded)])),
    metrics: Object.fromEntries(
      metrics.map((name) => [
        name,
        {
          raw: over(ended, (rollout) => rollout.outcome?.metrics[name]?.raw ?? null),
          fair: over(ended, (rollout) => rollout.outcome?.metrics[name]?.fair ?? null),
        },
      ]),
    ),
    byRole: Object.fromEntries(
      roles.map((role) => [role, over(ended, (rollout) => roleScore(rollout, role))]),
    ),
    repaired: ended.reduce(
      (sum, { repaired }) => ({
        failed: sum.failed + repaired.failed,
        repaired: sum.repaired + repaired.repaired,
      }),
      { failed: 0, repaired: 0 },
    ),
    score: over(ended, fairUnit),
    rank: strata.length === 0 ? 0 : mean(strata.map((stratum) => over(inStratum(stratum), fairUnit).mean)),
  };
}

function roleScore(rollout: Ended, role: string): number | null {
  const scores = rollout.scores.flatMap((score) =>
    score.agent === role && score.score !== null ? [score.score] : [],
  );
  return scores.length === 0 ? null : mean(scores);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
