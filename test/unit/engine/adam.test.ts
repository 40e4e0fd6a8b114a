import { describe, expect, it } from 'vitest';
import { adamStep, freshAdam } from '../../../src/engine/adam.js';

const settings = { lr: 0.1, betas: [0.9, 0.99] as const, eps: 1e-5, decay: 0, grad_clip: 100 };

describe('adamStep', () => {
  it('moves by the learning rate against the sign at first', () => {
    const weights = Float32Array.of(1, 1);
    expect(adamStep(weights, [3, -4], freshAdam(2), settings)).toBe(5);
    expect(weights[0]).toBeCloseTo(0.9, 5);
    expect(weights[1]).toBeCloseTo(1.1, 5);
  });

  it('follows the recurrences on the second step', () => {
    const weights = Float32Array.of(0);
    const state = freshAdam(1);
    adamStep(weights, [1], state, settings);
    adamStep(weights, [-2], state, settings);
    // m = .9 * .1 - .1 * 2 = -.11, v = .99 * .01 + .01 * 4 = .0499; corrections 1 - .81 and 1 - .9801
    const second = (-0.11 / 0.19) * (0.1 / (Math.sqrt(0.0499 / 0.0199) + 1e-5));
    expect(weights[0]).toBeCloseTo(-0.1 - second, 5);
  });

  it('scales a long gradient down and reports its length before that', () => {
    const short = freshAdam(1);
    const long = freshAdam(1);
    adamStep(Float32Array.of(0), [1], short, { ...settings, grad_clip: 1 });
    expect(adamStep(Float32Array.of(0), [50], long, { ...settings, grad_clip: 1 })).toBe(50);
    expect(long.mean[0]).toBe(short.mean[0]);
  });

  it('decays weights apart from the gradient', () => {
    const weights = Float32Array.of(2);
    adamStep(weights, [0], freshAdam(1), { ...settings, decay: 0.5 });
    expect(weights[0]).toBeCloseTo(2 * (1 - 0.1 * 0.5), 6);
  });

  it('changes nothing where the gradient is not finite', () => {
    const weights = Float32Array.of(1);
    const state = freshAdam(1);
    expect(() => adamStep(weights, [Number.NaN], state, settings)).toThrow('not finite');
    expect(weights[0]).toBe(1);
    expect(state.step).toBe(0);
  });
});
