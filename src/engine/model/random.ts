// Seeded random numbers. A request's numbers depend on its own seed only, never on its neighbours.

/** Uniform numbers in [0, 1) from a 32-bit state mixed with golden-ratio steps (splitmix32). */
export function uniforms(seed: number): () => number {
  // Seeds may be larger than 32 bits: fold the high part in, so that nearby seeds stay apart.
  let state = (Math.trunc(seed / 0x1_0000_0000) * 0x85eb_ca6b + (seed >>> 0)) | 0;
  return () => {
    state = (state + 0x9e37_79b9) | 0;
    let x = state ^ (state >>> 16);
    x = Math.imul(x, 0x21f0_aaad);
    x ^= x >>> 15;
    x = Math.imul(x, 0x735a_2d97);
    x ^= x >>> 15;
    return (x >>> 0) / 0x1_0000_0000;
  };
}

/** Standard normal numbers by Box and Muller. */
export function normals(seed: number): () => number {
  const uniform = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
