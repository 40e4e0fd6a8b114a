import { setMaxListeners } from 'node:events';
import { expect, test } from 'vitest';
import { mostTokens } from '../../../src/policy/index.js';
import { Budget, BudgetSpent, capThatStopped } from '../../../src/rollout/index.js';
import type { Limits } from '../../../src/workflow/index.js';

const never = new AbortController().signal;
setMaxListeners(0, never);
const most = { tokens: 900, dollars: 0.9 };
const used = { tokens: 100, dollars: 0.1 };
const caps: [string, Limits][] = [
  ['tokens', { tokens: 2000 } as Limits],
  ['dollars', { dollars: 2 } as Limits],
];

/** Call after call, some at a time, and how many were made before the budget was spent. */
async function spend(budget: Budget, calls: number): Promise<number> {
  const results = await Promise.allSettled(
    Array.from({ length: calls }, async () => {
      const reserved = await budget.reserve(most, never);
      await new Promise((resolve) => setImmediate(resolve));
      reserved.settle(used);
    }),
  );
  for (const each of results) if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(BudgetSpent);
  return results.filter(({ status }) => status === 'fulfilled').length;
}

test.each(caps)('a cap on %s that only reservations stand before is waited for', async (_name, limits) => {
  const budget = new Budget(limits);
  expect(await spend(budget, 8)).toBe(8);
  expect(budget.spent).toMatchObject({ calls: 8, tokens: 800 });
});

test.each(caps)('a cap on %s is never passed', async (_name, limits) => {
  const budget = new Budget(limits);
  // A thirteenth might cost 900 beside the 1200 that are spent.
  expect(await spend(budget, 20)).toBe(12);
});

test('a cap on calls is waited for: one that was never made leaves its place', async () => {
  const budget = new Budget({ calls: 2 } as Limits);
  const [one, two] = [await budget.reserve(most, never), await budget.reserve(most, never)];
  const third = budget.reserve(most, never);
  one.release();
  await expect(third).resolves.toBeDefined();
  const fourth = budget.reserve(most, never);
  two.settle(used);
  (await third).settle(used);
  await expect(fourth).rejects.toThrow('limits.calls 2');
});

test('nothing is waited for once no call is under way, however sums are rounded', async () => {
  const budget = new Budget({ dollars: 0.3 } as Limits);
  const [one, two] = [
    await budget.reserve({ tokens: 0, dollars: 0.1 }, never),
    await budget.reserve({ tokens: 0, dollars: 0.2 - 1e-16 }, never),
  ];
  one.release();
  two.release();
  await expect(budget.reserve({ tokens: 0, dollars: 0.3 }, AbortSignal.timeout(5000))).resolves.toBeDefined();
});

test('calls that are refused at the same time do not wait for each other for ever', async () => {
  const budget = new Budget({ calls: 3 } as Limits);
  const [one, two] = [await budget.reserve(most, never), await budget.reserve(most, never)];
  await one.refused(true);
  const again = two.refused(true);
  one.settle(used);
  await expect(again).rejects.toThrow('limits.calls 3');
  two.release();
  expect(budget.spent.calls).toBe(3);
});

test('cancelling and the end of the minutes end the waiting', async () => {
  const budget = new Budget({ tokens: 1000 } as Limits);
  await budget.reserve(most, never);
  const cancel = new AbortController();
  const waiting = budget.reserve(most, cancel.signal);
  cancel.abort(new Error('cancelled'));
  await expect(waiting).rejects.toThrow('cancelled');
  const short = new Budget({ tokens: 1000, minutes: 0.001 } as Limits);
  await short.reserve(most, short.over);
  await expect(short.reserve(most, short.over)).rejects.toThrow('limits.minutes 0.001');
  expect(capThatStopped(short.over)).toBe('limits.minutes 0.001');
});

test('calls that are made together do not wait: each would wait for all', async () => {
  const budget = new Budget({ tokens: 1000 } as Limits, 0, false);
  await budget.reserve(most, never);
  await expect(budget.reserve(most, never)).rejects.toThrow('limits.tokens 1000');
});

test.each([
  ['words of the Latin alphabet', 9],
  ['请用一句话回答这个问题', 33],
  ['3.14159', 7],
  ['день', 8],
])('the most tokens of %s', (content, tokens) => {
  const each = mostTokens([{ role: 'user', content }]);
  expect(Math.ceil(each)).toBe(tokens);
});
