import { expect, it } from 'vitest';
import { fittingWidths } from '../../../src/cli/terminal.js';

const blame = [
  ['role', 'rollouts', 'for example'],
  ['analyst', '3 (8 %)', 'submission.csv: the header is not the one that was asked for.'],
];

it('leaves a table that fits as it is', () => {
  expect(fittingWidths(blame, 120)).toEqual([null, null, null]);
  expect(fittingWidths(blame, Number.POSITIVE_INFINITY)).toEqual([null, null, null]);
});

it('makes the widest column narrower until every row fits', () => {
  // 'analyst' and 'rollouts' take 7 and 8, the gaps 4: 60 - 19 are left.
  expect(fittingWidths(blame, 60)).toEqual([null, null, 41]);
});

it('shares what is left among columns that are all too wide', () => {
  const rows = [
    ['action', 'diagnosis', 'advice'],
    ['a'.repeat(10), 'b '.repeat(40), 'c '.repeat(60)],
  ];
  expect(fittingWidths(rows, 74)).toEqual([null, 30, 30]);
});

it('cuts no column under 20, and has nothing to say of a table without columns', () => {
  expect(fittingWidths(blame, 10)).toEqual([null, null, 20]);
  expect(fittingWidths([], 80)).toEqual([]);
});
