// Draws one token from logits.

export interface Drawn {
  readonly token: number;
  /** of logits / temperature over the whole vocabulary; at temperature 0 of the plain logits */
  readonly logprob: number;
}

/**
 * Draws from softmax(logits / temperature), or the best token at temperature 0. `top_p` below 1 keeps the
 * likeliest tokens up to that mass. `logits` is a row of `[V]` starting at `from`; `uniform` is in [0, 1).
 */
export function draw(
  logits: Float32Array,
  from: number,
  width: number,
  temperature: number,
  topP: number,
  uniform: number,
): Drawn {
  let best = 0;
  for (let j = 1; j < width; j++) if (logits[from + j]! > logits[from + best]!) best = j;
  const scale = temperature === 0 ? 1 : 1 / temperature;
  const top = logits[from + best]!;
  const mass = new Float64Array(width);
  let sum = 0;
  for (let j = 0; j < width; j++) {
    mass[j] = Math.exp((logits[from + j]! - top) * scale);
    sum += mass[j]!;
  }
  const logprob = (j: number): number => (logits[from + j]! - top) * scale - Math.log(sum);
  if (temperature === 0) return { token: best, logprob: logprob(best) };
  const order = topP < 1 ? nucleus(mass, topP * sum) : null;
  const count = order === null ? width : order.length;
  let left = uniform * (order === null ? sum : order.reduce((s, j) => s + mass[j]!, 0));
  let token = best;
  for (let i = 0; i < count; i++) {
    const j = order === null ? i : order[i]!;
    if (mass[j]! === 0) continue;
    token = j;
    left -= mass[j]!;
    if (left < 0) break;
  }
  return { token, logprob: logprob(token) };
}

/** The fewest likeliest tokens whose mass reaches `wanted`. */
function nucleus(mass: Float64Array, wanted: number): number[] {
  const order = Array.from(mass, (_, j) => j).sort((a, b) => mass[b]! - mass[a]! || a - b);
  let sum = 0;
  const end = order.findIndex((j) => {
    sum += mass[j]!;
    return sum >= wanted;
  });
  return order.slice(0, end < 0 ? order.length : end + 1);
}
