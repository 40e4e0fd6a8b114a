import { describe, expect, test } from 'vitest';
import {
  type AdvantageOptions,
  advantagesOf,
  learningRate,
  propagateRewards,
  type Sample,
  tokenReturns,
} from '../../../src/training/index.js';
import { checkWorkflow, diskFiles } from '../../../src/workflow/index.js';

const sample = (over: Partial<Sample> = {}): Sample => ({
  role: 'a',
  rollout: 'r1',
  action: 'a.0.0',
  group: 't1',
  later: [],
  reward: 0.5,
  old: [-1, -1],
  reference: null,
  promptIds: [1],
  ids: [2, 3],
  ...over,
});
const options: AdvantageOptions = {
  algorithm: 'reinforce++',
  gamma: 1,
  kl: { estimator: 'k1', coefficient: 0 },
  stdFloor: 0.1,
  maxAdvantage: 3,
  zeroSignal: 0.01,
};
const perSample = (...args: Parameters<typeof advantagesOf>) => {
  const found = advantagesOf(...args);
  if ('skipped' in found) throw new Error(found.skipped);
  return found.perSample.map((values) => values && [...values]);
};

const none = { estimator: 'k1', coefficient: 0 } as const;

describe('returns inside an action', () => {
  test('the reward stands at the last token and reaches all of them undiscounted', () => {
    expect([...tokenReturns(0.8, { old: [-1, -2, -3], reference: null }, 1, none)]).toEqual([0.8, 0.8, 0.8]);
  });

  test('KL is charged where it arises: r_t = -0.1 (old - ref), by hand', () => {
    // old - ref = 1, -2; rewards -0.1, 0.2 + 0.8; returns 0.9, 1.0
    const returns = tokenReturns(0.8, { old: [-1, -3], reference: [-2, -1] }, 1, {
      estimator: 'k1',
      coefficient: 0.1,
    });
    expect(returns[0]).toBeCloseTo(0.9, 12);
    expect(returns[1]).toBeCloseTo(1.0, 12);
  });

  test('k2 and k3 in the reward are computed as such, by hand', () => {
    // d = 1, -2: k2 is 0.5 and 2, k3 is 1/e and e^2 - 3.
    const charged = (estimator: 'k2' | 'k3') => [
      ...tokenReturns(0.8, { old: [-1, -3], reference: [-2, -1] }, 1, { estimator, coefficient: 0.1 }),
    ];
    expect(charged('k2')[0]).toBeCloseTo(0.8 - 0.25, 12);
    expect(charged('k2')[1]).toBeCloseTo(0.8 - 0.2, 12);
    expect(charged('k3')[1]).toBeCloseTo(0.8 - 0.1 * (7.38905609893065 - 3), 12);
    expect(charged('k3')[0]! - charged('k3')[1]!).toBeCloseTo(-0.1 * 0.36787944117144233, 12);
  });

  test('gamma discounts per token', () => {
    expect([...tokenReturns(1, { old: [0, 0, 0], reference: null }, 0.5, none)]).toEqual([0.25, 0.5, 1]);
  });
});

describe('rewards along a rollout', () => {
  const chain = [
    sample({ action: 'a.0.0', later: ['b.0.0', 'c.0.0'], reward: 0.2 }),
    sample({ action: 'b.0.0', later: ['c.0.0'], reward: 0.4 }),
    sample({ action: 'c.0.0', reward: 1 }),
  ];
  test('action_gamma 0 leaves them alone', () => expect(propagateRewards(chain, 0)).toEqual([0.2, 0.4, 1]));
  test('with 0.5: 0.2 + 0.5 (0.4 + 0.5 * 1) = 0.65', () => {
    const found = propagateRewards(chain, 0.5);
    expect(found[0]).toBeCloseTo(0.65, 12);
    expect(found[1]).toBeCloseTo(0.9, 12);
    expect(found[2]).toBe(1);
  });
  test('a null later on masks what would have summed it', () => {
    const holed = [chain[0]!, { ...chain[1]!, reward: null }, chain[2]!];
    expect(propagateRewards(holed, 0.5)).toEqual([null, null, 1]);
    expect(propagateRewards(holed, 0)).toEqual([0.2, null, 1]);
  });
});

describe('advantages', () => {
  test('are normalised over all tokens, not over actions: mean and deviation by hand', () => {
    // Tokens: 1 of reward 1, 3 of reward 0: mean 0.25, population deviation sqrt(0.1875).
    const samples = [sample({ old: [-1] }), sample({ old: [-1, -1, -1], rollout: 'r2' })];
    const [one, three] = perSample(samples, [1, 0], options);
    expect(one![0]).toBeCloseTo(0.75 / Math.sqrt(0.1875), 10);
    expect(three![0]).toBeCloseTo(-0.25 / Math.sqrt(0.1875), 10);
  });

  test('a masked action counts in no mean and no deviation', () => {
    const samples = [
      sample(),
      sample({ rollout: 'r2' }),
      sample({ rollout: 'r3', reward: null, old: [-9, -9, -9, -9] }),
    ];
    expect(perSample(samples, [1, 0, null], options)).toEqual([[1, 1], [-1, -1], null]);
  });

  test('the floor keeps small differences small, and the cap keeps outliers in', () => {
    const pair = [sample(), sample({ rollout: 'r2' })];
    expect(perSample(pair, [0.52, 0.48], options)[0]![0]).toBeCloseTo(0.2, 10);
    const many = [sample(), ...Array.from({ length: 30 }, (_, at) => sample({ rollout: `x${at}` }))];
    expect(perSample(many, [1, ...Array(30).fill(0)], options)[0]![0]).toBe(3);
  });

  test('equal scores are zero signal, also when KL differs', () => {
    const samples = [sample({ reference: [-5, -1] }), sample({ rollout: 'r2', reference: [-1, -1] })];
    expect(
      advantagesOf(samples, [0.5, 0.5], { ...options, kl: { estimator: 'k1', coefficient: 0.1 } }),
    ).toMatchObject({
      skipped: expect.stringContaining('the same'),
    });
    expect(advantagesOf(samples, [null, null], options)).toMatchObject({ skipped: 'no action has a score' });
  });

  test('for a group estimator, scores that differ only from task to task are zero signal', () => {
    const samples = ['a', 'a', 'b', 'b'].map((group, at) => sample({ group, rollout: `r${at}` }));
    const of = (algorithm: AdvantageOptions['algorithm']) =>
      advantagesOf(samples, [1, 1, 0, 0.001], { ...options, algorithm });
    for (const algorithm of ['rloo', 'grpo', 'dr-grpo', 'reinforce++-baseline'] as const)
      expect(of(algorithm)).toMatchObject({ skipped: 'the scores of each task are the same' });
    expect(of('reinforce++')).not.toHaveProperty('skipped');
  });

  test('group estimators by hand: rewards 1, 0, 0.5 of one task', () => {
    const samples = ['r1', 'r2', 'r3'].map((rollout) => sample({ rollout, old: [-1] }));
    const rewards = [1, 0, 0.5];
    const of = (algorithm: AdvantageOptions['algorithm']) =>
      perSample(samples, rewards, { ...options, algorithm }).map((values) => values![0]!);
    expect(of('dr-grpo')).toEqual([0.5, -0.5, 0]);
    of('rloo').forEach((value, at) => {
      expect(value).toBeCloseTo([0.75, -0.75, 0][at]!, 10);
    });
    of('grpo').forEach((value, at) => {
      expect(value).toBeCloseTo([1.2247449, -1.2247449, 0][at]!, 5);
    });
    // Task mean off, then normalised by sqrt(1/6).
    of('reinforce++-baseline').forEach((value, at) => {
      expect(value).toBeCloseTo([1.2247449, -1.2247449, 0][at]!, 5);
    });
  });
});

test('the learning rate warms up, then follows a cosine to a tenth', () => {
  const text =
    'baton: 1\nmodels: {m: {provider: embedded}}\ntasks: [{prompt: x}]\nagents: {a: {role: r}}\ntraining: {steps: 100, learning_rate: 1.0}\n';
  const { workflow } = checkWorkflow(text, 'a.baton.yaml', { files: diskFiles('.') });
  const training = workflow!.training;
  expect(learningRate(training, 0)).toBeCloseTo(1 / 3, 10);
  expect(learningRate(training, 3)).toBeCloseTo(1, 10);
  expect(learningRate(training, 100)).toBeCloseTo(0.1, 10);
});
