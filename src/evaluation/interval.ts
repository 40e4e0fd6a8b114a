import quantile from '@stdlib/stats-base-dists-t-quantile';

/** A mean with its 95 % interval; `n` independent values went into it. */
export interface Interval {
  mean: number;
  low: number;
  high: number;
  n: number;
}

/** Student's t interval on independent values (here: table means). With fewer than two, the interval is open. */
export function tInterval(values: readonly number[], level = 0.95): Interval {
  const n = values.length;
  const mean = n === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, n };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = quantile(0.5 + level / 2, n - 1) * Math.sqrt(variance / n);
  return { mean, low: mean - half, high: mean + half, n };
}
