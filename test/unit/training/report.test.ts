import { expect, test } from 'vitest';
import type { Ended } from '../../../src/rollout/index.js';
import type { LogEvent } from '../../../src/trace/index.js';
import { activityOf, successByStratum, successOf } from '../../../src/training/loop/report.js';

const ended = (rollout: string, group: string) =>
  ({ rollout, group, stratum: 'all', scores: [] }) as unknown as Ended;
const replies = (...tokens: number[]) =>
  tokens.map(
    (replyTokens) =>
      ({
        type: 'model.called',
        data: { action: 'writer.0.0', finish: 'stop', usage: { promptTokens: 1, replyTokens } },
      }) as unknown as LogEvent,
  );

test("a step's success is over the rollouts that came to their end", () => {
  const of = (status: string, success?: boolean, stratum = 'a') =>
    ({ status, stratum, outcome: success === undefined ? null : { success } }) as unknown as Ended;
  const all = [of('done', true), of('done', false), of('failed'), of('failed', undefined, 'b')];
  expect(successOf(all)).toBe(0.5);
  expect(successByStratum(all)).toEqual({ a: { rollouts: 2, success: 0.5 } });
});

test('reply length has an interval over tables: two rollouts of one table are one value', () => {
  const events = new Map([
    ['a-0', replies(10)],
    ['a-1', replies(30)],
    ['b-0', replies(40)],
  ]);
  const rollouts = [ended('a-0', 'a'), ended('a-1', 'a'), ended('b-0', 'b')];
  const { length, lengths } = activityOf(rollouts, events, 10).writer!;
  expect(length).toBeCloseTo(80 / 3);
  expect(lengths).toMatchObject({ mean: 30, n: 2 });
  // Student's t with one degree of freedom: 12.706 times the deviation over the root of two.
  expect(lengths.high - lengths.mean).toBeCloseTo(127.06, 1);
});
