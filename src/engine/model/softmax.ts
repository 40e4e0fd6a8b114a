// Log-probabilities of scored tokens and the way back, on the host in one pass over the logits.

/**
 * Turns logits `[A, V]` (of logits / temperature) into probabilities in place and returns the
 * log-probability of each target `[A]`.
 */
export function scoreTargets(
  logits: Float32Array,
  targets: ArrayLike<number>,
  temperature: number,
): Float64Array {
  const count = targets.length;
  const width = count === 0 ? 0 : logits.length / count;
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const from = i * width;
    let top = -Infinity;
    for (let j = from; j < from + width; j++) if (logits[j]! > top) top = logits[j]!;
    const chosen = logits[from + targets[i]!]!;
    let sum = 0;
    for (let j = from; j < from + width; j++) {
      const e = Math.exp((logits[j]! - top) / temperature);
      logits[j] = e;
      sum += e;
    }
    const inverse = 1 / sum;
    for (let j = from; j < from + width; j++) logits[j] = logits[j]! * inverse;
    out[i] = (chosen - top) / temperature - Math.log(sum);
  }
  return out;
}

/**
 * Turns probabilities `[A, V]` in place into the gradient of the logits, from the gradient of each
 * target's log-probability `[A]`: `g (onehot - p) / temperature`.
 */
export function targetsBackward(
  probabilities: Float32Array,
  targets: ArrayLike<number>,
  gradient: ArrayLike<number>,
  temperature: number,
): void {
  const count = targets.length;
  const width = count === 0 ? 0 : probabilities.length / count;
  for (let i = 0; i < count; i++) {
    const g = gradient[i]! / temperature;
    const from = i * width;
    for (let j = from; j < from + width; j++) probabilities[j] = probabilities[j]! * -g;
    probabilities[from + targets[i]!]! += g;
  }
}
