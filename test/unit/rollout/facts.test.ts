import { expect, test } from 'vitest';
import { messageFacts } from '../../../src/rollout/facts.js';

test.each<[string, number | null]>([
  ['It is 42.', 42],
  ['First 3, then 7', 7],
  ['1,234', 1234],
  ['It costs $1,234,567.89.', 1234567.89],
  ['-1,234', -1234],
  // No groups of three: a list.
  ['1,2', 2],
  ['1234,567', 567],
  ['1,2345', 2345],
  ['12,345,6', 6],
  ['-5', -5],
  ['x=-5', -5],
  ['−5', -5],
  ['4 - 3 = -1', -1],
  ['2-3', 3],
  ['2026-12-01', 1],
  ['0.25', 0.25],
  ['-0.5', -0.5],
  ['.5', 0.5],
  ['-.5', -0.5],
  ['see fig.5', 5],
  ['7.', 7],
  ['1e3', 1000],
  ['2.5E-4', 0.00025],
  ['-6.02e+23', -6.02e23],
  ['3e', 3],
  ['1e999', null],
  ['none', null],
  ['', null],
  ['\\boxed{\\frac{1}{2}} or 1,234', 1234],
])('the last number of %s', (text, number) => {
  expect(messageFacts(text).number).toBe(number);
});

test.each<[string, string | null]>([
  ['\\boxed{7}', '7'],
  ['\\boxed{ 7 }', '7'],
  ['\\boxed{\\frac{1}{2}} or 1,234', '\\frac{1}{2}'],
  ['\\boxed{3}, so \\boxed{\\sqrt{4}}', '\\sqrt{4}'],
  ['\\boxed{\\sqrt{4}}, so \\boxed{3}', '3'],
  ['\\boxed{\\boxed{3}}', '3'],
  ['\\boxed{\\{1, 2\\}}', '\\{1, 2\\}'],
  ['\\boxed{3} and \\boxed{4', '3'],
  ['} { \\boxed {5}', '5'],
  ['\\boxed{}', ''],
  ['\\boxed{', null],
  ['none', null],
])('the last box of %s', (text, boxed) => {
  expect(messageFacts(text).boxed).toBe(boxed);
});

test('a text of nothing but numbers and boxes that never close is read in time', () => {
  const start = performance.now();
  messageFacts('\\boxed{1,'.repeat(50_000));
  messageFacts('1'.repeat(200_000));
  messageFacts('123,'.repeat(50_000));
  expect(performance.now() - start).toBeLessThan(2000);
});
