import { type Interval, tInterval } from '../../src/evaluation/index.js';
import type { Evaluation, Trained } from './record.js';

/** A value of an evaluation, on 0..1 or 0..10; null where it has none. */
export type Value = (evaluation: Evaluation) => number | null;

const meanOf = (values: number[]) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

export const success: Value = ({ tables }) => meanOf(Object.values(tables).map((table) => table.success));
export const score: Value = ({ tables }) => meanOf(Object.values(tables).map((table) => table.score));
export const rawScore: Value = ({ tables }) =>
  meanOf(Object.values(tables).flatMap((table) => (table.raw === null ? [] : [table.raw])));
export const successIn =
  (stratum: string): Value =>
  ({ tables }) =>
    meanOf(Object.values(tables).flatMap((table) => (table.stratum === stratum ? [table.success] : [])));
export const roleScore =
  (role: string): Value =>
  ({ roles }) =>
    roles[role] ?? null;

/**
 * One of a training's evaluations. Raw scores are paired by table: a table where the team had no valid result before or
 * after training has none in either, since tables differ more than teams.
 */
export function evaluationOf(
  trained: Trained,
  which: 'before' | 'after',
  temperature: number,
): Evaluation | undefined {
  const of = (one: typeof which) =>
    trained.evaluations.find((each) => each.which === one && each.temperature === temperature);
  const found = of(which);
  const other = of(which === 'before' ? 'after' : 'before');
  if (!found || !other) return found;
  const tables = Object.entries(found.tables).map(([name, table]): [string, typeof table] => {
    return [name, other.tables[name]?.raw == null ? { ...table, raw: null } : table];
  });
  return { ...found, tables: Object.fromEntries(tables) };
}

/** 95 % t interval over seeds of a value before or after training. */
export function over(
  records: readonly Trained[],
  which: 'before' | 'after',
  temperature: number,
  value: Value,
): Interval {
  return tInterval(
    records.flatMap((trained) => {
      const found = evaluationOf(trained, which, temperature);
      const number = found ? value(found) : null;
      return number === null ? [] : [number];
    }),
  );
}

/** 95 % t interval over seeds of what training gained. */
export function gain(records: readonly Trained[], temperature: number, value: Value): Interval {
  return tInterval(records.flatMap((trained) => gainOf(trained, temperature, value) ?? []));
}

/** 95 % t interval over seeds of the change from the first step's training rollouts to the last one's: nothing picked. */
export function drift(records: readonly Trained[]): Interval {
  return tInterval(records.map(({ curve }) => curve.at(-1)!.success - curve[0]!.success));
}

function gainOf(trained: Trained, temperature: number, value: Value): number | null {
  const [before, after] = (['before', 'after'] as const).map((which) => {
    const found = evaluationOf(trained, which, temperature);
    return found ? value(found) : null;
  });
  return before == null || after == null ? null : after - before;
}

/** 95 % t interval of `a`'s value after training minus `b`'s, paired by seed. */
export function ahead(
  a: readonly Trained[],
  b: readonly Trained[],
  temperature: number,
  value: Value,
): Interval {
  return tInterval(
    a.flatMap((one) => {
      const other = b.find((each) => each.seed === one.seed);
      const [left, right] = [one, other].map((each) => {
        const found = each && evaluationOf(each, 'after', temperature);
        return found ? value(found) : null;
      });
      return left == null || right == null ? [] : [left - right];
    }),
  );
}
