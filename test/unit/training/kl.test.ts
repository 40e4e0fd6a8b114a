import { expect, test } from 'vitest';
import { adaptKl } from '../../../src/training/index.js';

test('the KL coefficient follows its target, by 2 % a step at most, as Ziegler et al. 2019 have it', () => {
  // 1 + 0.1 * clip((kl - target) / target, -0.2, 0.2), by hand.
  expect(adaptKl(0.1, 0.05, 0.05)).toBe(0.1);
  expect(adaptKl(0.1, 0.055, 0.05)).toBeCloseTo(0.101, 12);
  expect(adaptKl(0.1, 5, 0.05)).toBeCloseTo(0.102, 12);
  expect(adaptKl(0.1, 0, 0.05)).toBeCloseTo(0.098, 12);
  expect(adaptKl(0.1, 5, undefined)).toBe(0.1);
});
