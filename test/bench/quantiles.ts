export function quantile(values: readonly number[], at: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(at * (values.length - 1))]!;
}

/** Milliseconds as their median and what lies between the tenths: "median 1.2 ms (1.0 to 1.8)". */
export function spread(values: readonly number[], digits: number): string {
  const [low, middle, high] = [0.1, 0.5, 0.9].map((at) => quantile(values, at).toFixed(digits));
  return `median ${middle} ms (${low} to ${high})`;
}
