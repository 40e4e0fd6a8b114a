import * as l10n from '@vscode/l10n';
import { tInterval } from '../../evaluation/index.js';
import type { ShownCoach, ShownDistribution, ShownInterval, ShownReview } from '../protocol/training.js';

/** One judged action, as a coach is looked at by. */
export interface JudgedAction {
  rollout: string;
  role: string;
  stratum: string;
  /** The table it is about: the independent unit of every interval. */
  group: string;
  score: number | null;
  /** Tokens of its replies; null where no model was asked. */
  length: number | null;
}

const ENOUGH = 12;

/** How a coach scores: by role, stratum and reply length, and how far people agree with it. Pure. */
export function coachOf(actions: readonly JudgedAction[], reviews: readonly ShownReview[]): ShownCoach {
  return {
    actions: actions.length,
    rollouts: new Set(actions.map(({ rollout }) => rollout)).size,
    byRole: split(actions, ({ role }) => role),
    byStratum: split(actions, ({ stratum }) => stratum).sort((a, b) => a.name.localeCompare(b.name)),
    byLength: quarters(actions),
    lengthCorrelation: correlation(actions),
    agreement: agreementOf(reviews),
  };
}

function split(actions: readonly JudgedAction[], key: (action: JudgedAction) => string): ShownDistribution[] {
  return [...grouped(actions, key)].map(([name, own]) => distribution(name, own));
}

function grouped<T>(all: readonly T[], key: (each: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const each of all) {
    const own = found.get(key(each));
    if (own) own.push(each);
    else found.set(key(each), [each]);
  }
  return found;
}

function distribution(name: string, actions: readonly JudgedAction[]): ShownDistribution {
  const counts = Array<number>(11).fill(0);
  let none = 0;
  for (const { score } of actions) {
    if (score === null) none += 1;
    else counts[Math.min(10, Math.max(0, Math.round(score)))]! += 1;
  }
  return { name, counts, none, mean: meanOver(actions) };
}

/** Scores averaged in a table first, since actions on one table are not independent. */
function meanOver(actions: readonly JudgedAction[]): ShownInterval {
  const known = actions.filter(({ score }) => score !== null);
  const tables = [...grouped(known, ({ group }) => group).values()].map(
    (own) => own.reduce((sum, { score }) => sum + score!, 0) / own.length,
  );
  const { mean, low, high, n } = tInterval(tables);
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return { mean: finite(mean), low: finite(low), high: finite(high), n };
}

/** Actions by the length of their replies, in four parts of equal size. */
function quarters(actions: readonly JudgedAction[]): ShownDistribution[] {
  const sorted = actions.filter((action) => action.length !== null).sort((a, b) => a.length! - b.length!);
  if (sorted.length < ENOUGH) return [];
  return Array.from({ length: 4 }, (_, at) => {
    const part = sorted.slice(
      Math.floor((at * sorted.length) / 4),
      Math.floor(((at + 1) * sorted.length) / 4),
    );
    return distribution(l10n.t('{0} to {1} tokens', part[0]!.length!, part.at(-1)!.length!), part);
  });
}

/** Spearman's rank correlation of score and length. */
function correlation(actions: readonly JudgedAction[]): number | null {
  const known = actions.filter(({ score, length }) => score !== null && length !== null);
  if (known.length < ENOUGH) return null;
  const [x, y] = [ranks(known.map(({ score }) => score!)), ranks(known.map(({ length }) => length!))];
  const middle = (known.length - 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let at = 0; at < known.length; at++) {
    const [a, b] = [x[at]! - middle, y[at]! - middle];
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  return xx === 0 || yy === 0 ? null : xy / Math.sqrt(xx * yy);
}

/** Ranks from 0; equal values share the mean of theirs. */
function ranks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  const out = Array<number>(values.length).fill(0);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]!] === values[order[from]!]) to += 1;
    for (let at = from; at <= to; at++) out[order[at]!] = (from + to) / 2;
    from = to + 1;
  }
  return out;
}

function agreementOf(reviews: readonly ShownReview[]): ShownCoach['agreement'] {
  const gaps = reviews.flatMap(({ coach, person }) =>
    coach === null || person === null ? [] : [coach - person],
  );
  const share = (count: number) => (gaps.length === 0 ? null : count / gaps.length);
  return {
    both: gaps.length,
    within: share(gaps.filter((gap) => Math.abs(gap) <= 1).length),
    bias: share(gaps.reduce((sum, gap) => sum + gap, 0)),
    reviews: [...reviews],
  };
}
