import { cameToEnd } from '../trace/index.js';
import { randomFrom } from '../workflow/index.js';
import { type Interval, tInterval } from './interval.js';
import { type Ended, tableMeans } from './report.js';

/** A difference b - a, paired by table. */
export interface Comparison {
  difference: Interval;
  /** The smallest two-sided p that a sign-flip test on this many tables can give: 2 / 2^n. */
  smallestP: number;
  /** Two-sided p of the sign-flip (permutation) test on the table differences, exact up to 16 tables, above that over 65,536 seeded draws. */
  p: number;
  unpaired: string[];
}

/** Rollouts of two evaluations, each with the same sample of the same task in the other; and the rest of what ended. */
export interface Paired {
  a: Ended[];
  b: Ended[];
  leftOut: { a: Ended[]; b: Ended[] };
}

export function pairRollouts(allA: readonly Ended[], allB: readonly Ended[]): Paired {
  const [a, b] = [allA.filter(cameToEnd), allB.filter(cameToEnd)];
  const key = ({ task, sample }: Ended) => JSON.stringify([task, sample]);
  const [inA, inB] = [new Set(a.map(key)), new Set(b.map(key))];
  return {
    a: a.filter((rollout) => inB.has(key(rollout))),
    b: b.filter((rollout) => inA.has(key(rollout))),
    leftOut: {
      a: a.filter((rollout) => !inB.has(key(rollout))),
      b: b.filter((rollout) => !inA.has(key(rollout))),
    },
  };
}

/** Compare two evaluations on the samples of tasks that both have: other tasks would make a difference of their own. */
export function compareRollouts(
  a: readonly Ended[],
  b: readonly Ended[],
  value: (rollout: Ended) => number | null,
): Comparison {
  const known = (of: readonly Ended[]) => of.filter((rollout) => value(rollout) !== null);
  const paired = pairRollouts(known(a), known(b));
  const [left, right] = [tableMeans(paired.a, value), tableMeans(paired.b, value)];
  const shared = [...left.keys()].filter((table) => right.has(table));
  const differences = shared.map((table) => right.get(table)! - left.get(table)!);
  const tables = new Set([...a, ...b].map(({ group }) => group));
  const unpaired = [...tables].filter((table) => !shared.includes(table));
  const n = differences.length;
  return {
    difference: tInterval(differences),
    smallestP: n === 0 ? 1 : Math.min(1, 2 / 2 ** n),
    p: signFlip(differences),
    unpaired,
  };
}

const EXACT = 16;
const DRAWS = 2 ** EXACT;

/** Every assignment of signs up to 16 tables, and above that as many seeded random ones. */
function signFlip(differences: readonly number[]): number {
  const n = differences.length;
  if (n === 0) return 1;
  const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0)) - 1e-12;
  const random = randomFrom('sign-flip');
  let extreme = 0;
  const draws = n <= EXACT ? 2 ** n : DRAWS;
  for (let draw = 0; draw < draws; draw++) {
    const positive = (at: number) => (n <= EXACT ? (draw >> at) & 1 : random() < 0.5);
    const sum = differences.reduce((total, value, at) => total + (positive(at) ? value : -value), 0);
    if (Math.abs(sum) >= observed) extreme += 1;
  }
  // The observed assignment is one of the possible ones, so that p is never 0.
  return n <= EXACT ? extreme / draws : (extreme + 1) / (draws + 1);
}
