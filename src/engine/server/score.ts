// Log-probabilities of given tokens under a policy.
import { setImmediate as tick } from 'node:timers/promises';
import type { Backend } from '../backend/load.js';
import type { DeviceWeights } from '../model/device.js';
import { forward } from '../model/network.js';
import { chunks, pack, type Sequence } from '../model/packing.js';
import { scoreTargets } from '../model/softmax.js';

/** Tokens a pass: bounds memory, and lets other requests in between. */
export const passTokens = 4096;

/** One list a sequence with the log-probability of each scored token, of logits / temperature. */
export async function score(
  backend: Backend,
  weights: () => DeviceWeights,
  sequences: readonly Sequence[],
  temperature: number,
): Promise<number[][]> {
  // Sequences of like length share a pass, so that little of it is padding.
  const order = sequences.map((_, i) => i);
  order.sort((a, b) => sequences[b]!.tokens.length - sequences[a]!.tokens.length || a - b);
  const sorted = order.map((i) => sequences[i]!);
  const out: number[][] = sequences.map(() => []);
  for (const { from, to } of chunks(sorted, passTokens)) {
    const packed = pack(sorted.slice(from, to), backend.kernel.layout);
    const pass = forward(backend.tf, backend.kernel, weights(), packed, false);
    const scores = scoreTargets(pass.logits, packed.targets, temperature);
    pass.dispose();
    for (let s = from; s < to; s++) {
      out[order[s]!] = [...scores.subarray(packed.offsets[s - from]!, packed.offsets[s - from + 1]!)];
    }
    await tick();
  }
  return out;
}
