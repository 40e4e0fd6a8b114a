// The order of what people and coaches said later, whatever their clocks.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { keepOverrule, RunFolder, readReviews } from '../../../src/trace/index.js';

afterEach(() => void vi.useRealTimers());

test('the last word of a person is the last, also where the clock was set back between', async () => {
  const folder = new RunFolder(mkdtempSync(join(tmpdir(), 'baton-reviews-')));
  vi.useFakeTimers({ toFake: ['Date'] });
  const say = async (author: string, score: number, hour: number) => {
    vi.setSystemTime(new Date(2026, 0, 1, hour));
    await keepOverrule(folder, { rollout: 'run.t.0', action: 'a.0.0', score, reason: 'so', author });
  };
  await say('ann', 2, 12);
  await say('bob', 4, 10);
  await say('ann', 9, 11);
  const said = readReviews(folder)
    .get('run.t.0')!
    .map(({ data }) => (data as { score: number }).score);
  expect(said).toEqual([4, 2, 9]);
});
