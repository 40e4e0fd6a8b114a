import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../../src/engine/backend/load.js';
import type { Tf } from '../../../src/engine/backend/tf.js';
import { advance, type DecodeWeights, uploadForDecoding } from '../../../src/engine/model/decode.js';
import { Generation } from '../../../src/engine/model/generate.js';
import { initialWeights } from '../../../src/engine/model/weights.js';
import { referenceLogits, tiny } from './reference.js';

const weights = initialWeights(tiny, 3);
let tf: Tf;
let w: DecodeWeights;
beforeAll(async () => {
  tf = (await loadBackend('wasm')).tf;
  w = uploadForDecoding(tf, weights);
});

function sample(prompts: number[][], temperature: number, seeds: number[], topP = 1): Generation[] {
  const all = prompts.map(
    (p, i) => new Generation(tiny, p, { temperature, topP, seed: seeds[i]!, maxTokens: 12 }),
  );
  for (let active = all; active.length > 0; active = active.filter((g) => g.finish === null)) {
    const logits = advance(
      tf,
      w,
      active.map((g) => g.row),
    );
    active.forEach((g, i) => {
      g.take(logits, i * tiny.vocab_size);
    });
  }
  return all;
}

describe('decoding', () => {
  it('gives the log-probabilities of a full forward pass over the same tokens', () => {
    const prompts = [
      [1, 4, 5, 6],
      [1, 9, 3, 7, 7, 8],
    ];
    sample(prompts, 0.7, [5, 6]).forEach((g, r) => {
      const prompt = prompts[r]!;
      const logits = referenceLogits(tiny, Float64Array.from(weights.data), [...prompt, ...g.tokens]);
      g.tokens.forEach((token, i) => {
        const row = logits[prompt.length + i - 1]!.map((v) => v / 0.7);
        const sum = Math.log(row.reduce((s, v) => s + Math.exp(v), 0));
        expect(g.logprobs[i]).toBeCloseTo(row[token]! - sum, 4);
      });
    });
  });

  it('gives a request the same tokens and log-probabilities whatever shares its batch', () => {
    const prompts = [
      [1, 4, 5, 6],
      [1, 9, 3],
      [1, 10, 8, 8, 3, 5],
    ];
    const together = sample(prompts, 1, [1, 2, 3]);
    prompts.forEach((prompt, i) => {
      const [alone] = sample([prompt], 1, [i + 1]);
      expect(alone!.tokens).toEqual(together[i]!.tokens);
      expect(alone!.logprobs).toEqual(together[i]!.logprobs);
    });
  });

  it('depends on the seed, except at temperature 0', () => {
    const prompt = [1, 4, 5, 6];
    const of = (temperature: number, seed: number) => sample([prompt], temperature, [seed])[0]!.tokens.join();
    expect(new Set([1, 2, 3, 4].map((seed) => of(1, seed))).size).toBeGreaterThan(1);
    expect(new Set([1, 2, 3, 4].map((seed) => of(0, seed))).size).toBe(1);
    expect(new Set([1, 2, 3, 4].map((seed) => sample([prompt], 1, [seed], 1e-9)[0]!.tokens.join()))).toEqual(
      new Set([of(0, 1)]),
    );
  });

  it('ends with the end token, or at the limit', () => {
    for (const g of sample(
      Array.from({ length: 30 }, () => [1, 4]),
      1,
      Array.from({ length: 30 }, (_, i) => i),
    )) {
      const ended = g.tokens[g.tokens.length - 1] === tiny.eos_token_id;
      expect(g.finish).toBe(ended ? 'stop' : 'length');
      expect(g.tokens.indexOf(tiny.eos_token_id)).toBe(ended ? g.tokens.length - 1 : -1);
    }
  });
});
