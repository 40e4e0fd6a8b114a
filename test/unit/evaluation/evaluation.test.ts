import { expect, test } from 'vitest';
import {
  compareRollouts,
  driftAlarm,
  type Ended,
  evaluateRollouts,
  fairUnit,
  pairRollouts,
  succeeded,
  tableMeans,
  tInterval,
} from '../../../src/evaluation/index.js';
import { answersFault, fairMetric, measure } from '../../../src/workflow/index.js';

const ended = (group: string, task: string, success: boolean, stratum = 'classification'): Ended => ({
  rollout: `${task}.${Math.random()}`,
  task,
  stratum,
  group,
  sample: 0,
  step: 'x',
  status: 'done',
  outcome: { success, metrics: {}, why: null },
  scores: [],
  repaired: { failed: 0, repaired: 0 },
  head: '',
  seconds: 0,
});

test('the t interval of 1, 2, 3: 2 +- 4.303 / sqrt(3)', () => {
  const { mean, low, high } = tInterval([1, 2, 3]);
  expect(mean).toBe(2);
  expect(high - mean).toBeCloseTo(4.302653 / Math.sqrt(3), 5);
  expect(mean - low).toBeCloseTo(high - mean, 12);
  expect(tInterval([1]).high).toBe(Number.POSITIVE_INFINITY);
});

test('the unit is the table: many samples of one table weigh no more than few of another', () => {
  const many = Array.from({ length: 10 }, (_, at) => ended('big', `big-${at}`, true));
  const all = [...many, ended('small', 'small-0', false)];
  expect([...tableMeans(all, succeeded).values()]).toEqual([1, 0]);
  expect(evaluateRollouts(all).success).toMatchObject({ mean: 0.5, n: 2 });
});

test('comparisons are paired by table and print the smallest p attainable', () => {
  const tables = ['a', 'b', 'c', 'd'];
  const before = tables.map((table) => ended(table, `${table}-0`, false));
  const after = tables.map((table) => ended(table, `${table}-0`, true));
  const { difference, p, smallestP } = compareRollouts(before, after, succeeded);
  expect(difference.mean).toBe(1);
  // All four went up: 2 of 16 sign patterns are as extreme.
  expect([p, smallestP]).toEqual([0.125, 0.125]);
  expect(
    compareRollouts(before, [...after.slice(0, 3), ended('e', 'e-0', true)], succeeded).unpaired,
  ).toEqual(['d', 'e']);
});

test('two runs that agree wherever both have a sample of a task differ by nothing, whatever else one has', () => {
  const tables = ['a', 'b', 'c', 'd', 'e', 'f'];
  const easy = tables.map((table) => ended(table, `${table}-easy`, true));
  const hard = tables.map((table) => ended(table, `${table}-hard`, false));
  const again = { ...ended('a', 'a-easy', false), sample: 1 };
  const found = compareRollouts([...easy, ...hard, again], easy, succeeded);
  expect(found).toMatchObject({ difference: { mean: 0, n: 6 }, p: 1, unpaired: [] });
  const { a, b, leftOut } = pairRollouts([...easy, ...hard, again], easy);
  expect([a, b]).toEqual([easy, easy]);
  expect(leftOut).toEqual({ a: [...hard, again], b: [] });
});

test('rollouts that came to no end are left out of everything, and counted beside it', () => {
  const metric = (fair: number, raw: number | null) =>
    ({ raw, fair, better: 'higher', unit: fair, unit_fallback: 0.5 }) as const;
  const with_ = (of: Ended, fair: number, raw: number | null): Ended => ({
    ...of,
    outcome: { ...of.outcome!, metrics: { accuracy: metric(fair, raw) } },
  });
  const good = with_(ended('a', 'a-0', true), 0.9, 0.9);
  const bad = with_(ended('b', 'b-0', false), 0.5, null);
  const score = {
    action: 'x.0.0',
    agent: 'x',
    score: 1,
    code: null,
    blamed: null,
    diagnosis: '',
    file: null,
  };
  const lost: Ended = {
    ...ended('c', 'c-0', false, 'regression'),
    ...{ status: 'failed', outcome: null, scores: [score], repaired: { failed: 2, repaired: 1 } },
  };
  const without = evaluateRollouts([good, bad]);
  expect(evaluateRollouts([good, lost, bad])).toEqual({ ...without, lost: 1 });
  expect(without).toMatchObject({ rollouts: 2, success: { mean: 0.5 }, rank: 0.7, lost: 0 });
  expect(without.metrics.accuracy).toMatchObject({ raw: { mean: 0.9 }, fair: { mean: 0.7 } });
  expect([succeeded(lost), fairUnit(lost)]).toEqual([null, null]);
  expect(evaluateRollouts([lost])).toMatchObject({ rollouts: 0, success: { mean: Number.NaN }, rank: 0 });
  // Where one of a pair is lost, neither counts.
  const again = { ...lost, ...{ task: 'a-0', group: 'a' } };
  expect(compareRollouts([good, bad], [again, bad], succeeded)).toMatchObject({
    ...{ difference: { mean: 0, n: 1 }, unpaired: ['a'] },
  });
});

test('fair metrics, checked against the published numbers', () => {
  expect(fairMetric(0.69, 0.4375, 0.5)).toBeCloseTo(0.583, 3);
  expect(fairMetric(0.889, 0.5625, 0.5)).toBeCloseTo(0.719, 3);
});

test('metrics are matched by id, and what cannot be matched has no value', () => {
  const truth = 'id,y\n1,a\n2,b\n3,b\n';
  expect(measure('accuracy', 'id,y\n3,b\n1,a\n2,a\n', truth)).toEqual({ value: 2 / 3 });
  expect(measure('accuracy', 'id,y\n1,a\n2,b\n', truth)).toEqual({ invalid: 'it has 2 rows, not 3' });
  expect(measure('accuracy', 'id,y\n1,a\n1,b\n3,b\n', truth)).toEqual({
    invalid: 'the id 1 stands there twice',
  });
  expect(measure('rmse', 'id,y\n1,1\n2,4\n', 'id,y\n1,1\n2,2\n')).toEqual({ value: Math.sqrt(2) });
  expect(measure('rmse', 'id,y\n1,x\n2,4\n', 'id,y\n1,1\n2,2\n')).toMatchObject({
    invalid: '"x" is not a number',
  });
});

test('ids and labels are equal as numbers only where nothing of them is lost', () => {
  const long = 'id,y\n1234567890123456789,a\n1234567890123456790,b\n';
  expect(measure('accuracy', long, long)).toEqual({ value: 1 });
  const zeros = 'id,y\n007,a\n7,b\n';
  expect(measure('accuracy', 'id,y\n7,b\n007,a\n', zeros)).toEqual({ value: 1 });
  expect(measure('accuracy', 'id,y\n1.0,2.50\n', 'id,y\n1,2.5\n')).toEqual({ value: 1 });
  expect(measure('accuracy', 'id,y\n1,123e45\n', 'id,y\n1,1230e44\n')).toEqual({ value: 0 });
  expect(measure('accuracy', '\uFEFF"id","y"\n1,a\n', 'id,y\n1,a\n')).toEqual({ value: 1 });
});

test('f1 and mae, by hand', () => {
  const truth = 'id,y\n1,a\n2,a\n3,b\n4,c\n';
  // a: 2 of 2 found, 3 said: 4 / 5. b: 0. c: 1 of 1 found, 1 said: 1. Their mean.
  expect(measure('f1', 'id,y\n1,a\n2,a\n3,a\n4,c\n', truth)).toEqual({ value: (0.8 + 0 + 1) / 3 });
  expect(measure('f1', truth, truth)).toEqual({ value: 1 });
  expect(measure('mae', 'id,y\n1,1\n2,5\n', 'id,y\n1,2\n2,2\n')).toEqual({ value: 2 });
});

test('ids and labels that are numbers are compared as numbers; anything that is no table of them is said', () => {
  expect(measure('accuracy', 'id,y\n1.0, 2\n', 'id,y\n1,2.0\n')).toEqual({ value: 1 });
  const wrong = (submission: string) => measure('rmse', submission, 'id,y\n1,1\n');
  expect(wrong('id,y\n1,\n')).toEqual({ invalid: '"" is not a number' });
  expect(wrong('id,y\n2,1\n')).toEqual({ invalid: 'the row with id 1 is missing' });
  expect(wrong('id\n1\n')).toEqual({ invalid: 'a row has fewer than two cells' });
  expect(wrong('id,y\n"1,1\n')).toMatchObject({ invalid: expect.stringContaining('it is not CSV') });
  expect(wrong('')).toEqual({ invalid: 'it has 0 rows, not 1' });
});

test('answers that a metric cannot be computed from are nobody’s submission', () => {
  expect(answersFault('rmse', 'id\n1\n')).toBe('a row has fewer than two cells');
  expect(answersFault('accuracy', 'id,y\n')).toBe('there is no row below the header');
  expect(answersFault('accuracy', 'id,y\n1,a\n1,b\n')).toBe('the id 1 stands there twice');
  expect(answersFault('mae', 'id,y\n1,a\n')).toBe('"a" is not a number');
  expect(answersFault('f1', 'id,y\n1,a\n')).toBeNull();
  expect(() => measure('rmse', 'id,y\n1,1\n', 'id\n1\n')).toThrow(
    'the answers: a row has fewer than two cells',
  );
});

test('an alarm when one stratum falls while another rises', () => {
  const at = (classification: boolean[], regression: boolean[]) =>
    evaluateRollouts([
      ...classification.map((good, n) => ended(`c${n}`, `c${n}`, good)),
      ...regression.map((good, n) => ended(`r${n}`, `r${n}`, good, 'regression')),
    ]);
  expect(
    driftAlarm(
      at([true, true, false, false], [false, false, false, true]),
      at([true, false, false, false], [true, true, true, true]),
    ),
  ).toMatch(/regression \+75 points, classification -25 points/);
  expect(driftAlarm(at([false, false], [false, false]), at([true, true], [true, true]))).toBeNull();
});
