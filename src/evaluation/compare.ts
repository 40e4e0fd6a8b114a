import { type Interval, tInterval } from './interval.js';
import { type Ended, tableMeans } from './report.js';

/** A difference b - a, paired by table. */
export interface Comparison {
  difference: Interval;
  /** The smallest two-sided p that a sign-flip test on this many tables can give: 2 / 2^n. */
  smallestP: number;
  /** Two-sided p of the sign-flip (permutation) test on the table differences, exact up to 16 tables. */
  p: number;
  unpaired: string[];
}

/** Compare two evaluations on the tables that both have. */
export function compareRollouts(
  a: readonly Ended[],
  b: readonly Ended[],
  value: (rollout: Ended) => number | null,
): Comparison {
  const [left, right] = [tableMeans(a, value), tableMeans(b, value)];
  const shared = [...left.keys()].filter((table) => right.has(table));
  const differences = shared.map((table) => right.get(table)! - left.get(table)!);
  const unpaired = [...new Set([...left.keys(), ...right.keys()])].filter((table) => !shared.includes(table));
  const n = differences.length;
  return {
    difference: tInterval(differences),
    smallestP: n === 0 ? 1 : Math.min(1, 2 / 2 ** n),
    p: signFlip(differences),
    unpaired,
  };
}

const EXACT = 16;

function signFlip(differences: readonly number[]): number {
  const n = Math.min(differences.length, EXACT);
  if (n === 0) return 1;
  const used = differences.slice(0, n);
  const observed = Math.abs(used.reduce((sum, value) => sum + value, 0));
  let extreme = 0;
  for (let signs = 0; signs < 2 ** n; signs++) {
    const sum = used.reduce((total, value, at) => total + ((signs >> at) & 1 ? -value : value), 0);
    if (Math.abs(sum) >= observed - 1e-12) extreme += 1;
  }
  return extreme / 2 ** n;
}
