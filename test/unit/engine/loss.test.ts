import { describe, expect, it } from 'vitest';
import { type LossInput, lossOf, missingInputs } from '../../../src/engine/loss.js';
import type { Kl, Loss } from '../../../src/engine/protocol.js';

const input = (logprobs: number[], more: Partial<LossInput>): LossInput => ({
  logprobs: Float64Array.from(logprobs),
  offsets: [0, logprobs.length],
  denominator: logprobs.length,
  ...more,
});
const clipped: Loss = { name: 'policy_gradient', clip_low: 0.2, clip_high: 0.3, dual_clip: 3 };
const at = (ratio: number): number => -1 + Math.log(ratio);

describe('policy_gradient', () => {
  // One token, old log-probability -1: the ratio alone varies.
  const one = (ratio: number, advantage: number, behaviour?: number) =>
    lossOf(
      clipped,
      null,
      input([at(ratio)], {
        old: [-1],
        advantages: [advantage],
        ...(behaviour === undefined ? {} : { behaviour: [behaviour] }),
      }),
    );

  it.each([
    // ratio, advantage, loss, gradient, clipped
    [1, 2, -2, -2, 0],
    [1.2, 2, -2.4, -2.4, 0],
    [1.5, 2, -2.6, 0, 1], // bounded at 1.3
    [0.5, 2, -1, -1, 0], // a bound never helps a good action that became rarer
    [0.5, -2, 1.6, 0, 1], // bounded at 0.8
    [2, -2, 4, 4, 0],
    [4, -2, 6, 0, 1], // dual clip: 3 * 2
  ])('ratio %d, advantage %d: loss %d, gradient %d', (ratio, advantage, loss, gradient, count) => {
    const out = one(ratio, advantage);
    expect(out.loss).toBeCloseTo(loss, 12);
    expect(out.gradient[0]).toBeCloseTo(gradient, 12);
    expect(out.clipped).toBe(count);
  });

  it('weights a token by min(exp(old - behaviour), 2)', () => {
    expect(one(1, 1, -1 - Math.log(1.5)).loss).toBeCloseTo(-1.5, 12);
    expect(one(1, 1, -1 - Math.log(1.5)).gradient[0]).toBeCloseTo(-1.5, 12);
    expect(one(1, 1, -3).loss).toBeCloseTo(-2, 12);
  });

  it('reports exp(d) - 1 - d as divergence', () => {
    expect(one(2, 1).divergence).toBeCloseTo(2 - 1 - Math.log(2), 12);
  });
});

describe('sft', () => {
  it('is the negative log-likelihood over the denominator', () => {
    const out = lossOf({ name: 'sft' }, null, input([-1, -3], { denominator: 4 }));
    expect(out.loss).toBe(1);
    expect([...out.gradient]).toEqual([-0.25, -0.25]);
  });
});

describe('dpo', () => {
  const pairs = [
    { id: 'a', chosen: true },
    { id: 'a', chosen: false },
  ];
  it('is -log sigmoid of beta times the difference of gains', () => {
    // gains: chosen (-1 + 2) = 1, rejected (-2 - 1 + 1) = -2; margin 0.5 * 3 = 1.5
    const out = lossOf(
      { name: 'dpo', beta: 0.5 },
      null,
      input([-1, -2, -1], { offsets: [0, 1, 3], reference: [-2, -0.5, -0.5], pairs, denominator: 1 }),
    );
    expect(out.loss).toBeCloseTo(Math.log(1 + Math.exp(-1.5)), 12);
    const slope = -0.5 / (1 + Math.exp(1.5));
    expect([...out.gradient].map((g) => g.toFixed(12))).toEqual(
      [slope, -slope, -slope].map((g) => g.toFixed(12)),
    );
  });
  it('refuses half a pair', () => {
    const half = input([-1], { reference: [-1], pairs: [{ id: 'a', chosen: true }] });
    expect(() => lossOf({ name: 'dpo', beta: 1 }, null, half)).toThrow('pair a has no rejected sequence');
  });
});

describe('kl', () => {
  const d = 0.4; // new - reference
  it.each<[Kl['estimator'], number, number]>([
    ['k2', (d * d) / 2, d],
    ['k3', Math.exp(-d) - 1 + d, 1 - Math.exp(-d)],
  ])('%s adds its value and slope', (estimator, value, slope) => {
    const given = input([-1], { reference: [-1 - d] });
    const plain = lossOf({ name: 'sft' }, null, given);
    const out = lossOf({ name: 'sft' }, { estimator, coefficient: 0.5 }, given);
    expect(out.loss - plain.loss).toBeCloseTo(0.5 * value, 12);
    expect(out.gradient[0]! - plain.gradient[0]!).toBeCloseTo(0.5 * slope, 12);
  });
});

it('names the inputs that a loss lacks', () => {
  const given = { offsets: [0, 2], denominator: 2, advantages: [1] };
  expect(missingInputs(clipped, { estimator: 'k3', coefficient: 0.1 }, given)).toEqual([
    'advantages (needs 2 entries, has 1)',
    'old_logprobs (needs 2 entries, has none)',
    'reference_logprobs (needs 2 entries, has none)',
  ]);
});
