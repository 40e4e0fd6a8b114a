import { afterEach, expect, test, vi } from 'vitest';
import { runName } from '../../../src/cli/start-run.js';

afterEach(() => vi.useRealTimers());

test('names of runs sort by time, within a second and whatever the kind', () => {
  vi.useFakeTimers();
  const begin = Date.UTC(2026, 0, 31, 23, 59, 59, 2);
  const made = [0, 7, 96, 997, 1000].map((later, i) => {
    vi.setSystemTime(begin + later);
    return runName(['train', 'run', 'eval', 'train', 'eval'][i]!);
  });
  expect([...made].sort()).toEqual(made);
  expect(made[0]).toMatch(/^20260131-235959-002-train-[0-9a-f]{4}$/);
});
