// Rotary position embedding in the half-split form of Llama: pairs (i, i + size/2).

/** The signed permutation R `[size, size]` with `rope(x) = x * cos + (x R) * sin`. */
export function halfTurn(size: number): Float32Array {
  const out = new Float32Array(size * size);
  const half = size / 2;
  for (let i = 0; i < half; i++) {
    out[(i + half) * size + i] = -1;
    out[i * size + i + half] = 1;
  }
  return out;
}

/** Cosines and sines `[N, size]` for positions `[N]`. */
export function ropeTables(
  positions: ArrayLike<number>,
  size: number,
  theta: number,
): { cos: Float32Array; sin: Float32Array } {
  const half = size / 2;
  const cos = new Float32Array(positions.length * size);
  const sin = new Float32Array(positions.length * size);
  const rates = Array.from({ length: half }, (_, i) => theta ** ((-2 * i) / size));
  for (let n = 0; n < positions.length; n++) {
    for (let i = 0; i < half; i++) {
      const angle = positions[n]! * rates[i]!;
      const at = n * size + i;
      cos[at] = cos[at + half] = Math.cos(angle);
      sin[at] = sin[at + half] = Math.sin(angle);
    }
  }
  return { cos, sin };
}
