// A seeded source of choices for the demonstration writers.
import { uniforms } from '../../src/engine/model/random.js';

export interface Chance {
  uniform(): number;
  /** true with probability p */
  flip(p: number): boolean;
  /** whole number in [low, high] */
  int(low: number, high: number): number;
  pick<T>(from: readonly T[]): T;
  shuffle<T>(from: readonly T[]): T[];
}

export function chance(seed: number): Chance {
  const uniform = uniforms(seed);
  const int = (low: number, high: number): number => low + Math.floor(uniform() * (high - low + 1));
  return {
    uniform,
    int,
    flip: (p) => uniform() < p,
    pick: (from) => from[int(0, from.length - 1)]!,
    shuffle: (from) => {
      const out = [...from];
      for (let i = out.length - 1; i > 0; i--) {
        const j = int(0, i);
        [out[i], out[j]] = [out[j]!, out[i]!];
      }
      return out;
    },
  };
}
