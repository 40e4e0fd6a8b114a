import { expect, test } from 'vitest';
import { minibatchesOf } from '../../../src/training/index.js';

const sizes = (actions: number, minibatches: number, smallest: number) => {
  const order = Array.from({ length: actions }, (_, at) => at);
  const dealt = minibatchesOf(order, { minibatches, smallest_minibatch: smallest });
  expect(dealt.flatMap(({ batch }) => batch)).toEqual(order);
  for (const { from, batch } of dealt) expect(batch[0]).toBe(from);
  return dealt.map(({ batch }) => batch.length);
};

test('as many minibatches as were asked for, of nearly the same size', () => {
  expect(sizes(48, 4, 8)).toEqual([12, 12, 12, 12]);
  expect(sizes(50, 4, 8)).toEqual([13, 12, 13, 12]);
});

test('fewer where one would hold less than the smallest, and one where all of them are too few', () => {
  expect(sizes(19, 4, 8)).toEqual([10, 9]);
  expect(sizes(9, 4, 8)).toEqual([9]);
  expect(sizes(3, 4, 8)).toEqual([3]);
});

test('a minibatch of one action where that is asked for, and never an empty one', () => {
  expect(sizes(3, 8, 1)).toEqual([1, 1, 1]);
});
