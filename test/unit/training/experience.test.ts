import { expect, test } from 'vitest';
import type { LogEvent } from '../../../src/trace/index.js';
import { samplesOf } from '../../../src/training/index.js';

/** A rollout in which the only action was cut at its longest, as it lies in a log; the coach gives such a reply no score. */
const cut = [
  { type: 'action.started', data: { action: 'writer.0.0', agent: 'writer' } },
  {
    type: 'model.called',
    data: {
      action: 'writer.0.0',
      promptIds: [1, 2],
      ids: [3, 3, 3],
      logprobs: [-1, -1, -1],
      finish: 'length',
    },
  },
  { type: 'verdict', data: { action: 'writer.0.0', judge: 'contracts', score: null, reason: 'truncated' } },
  { type: 'outcome', data: { success: false } },
] as unknown as LogEvent[];

test.each([
  ['mask', 'action', null],
  ['mask', 'outcome', null],
  ['zero', 'action', 0],
  ['zero', 'outcome', 0],
] as const)('truncated: %s, reward: %s: a reply that was cut counts %s', (truncated, reward, counts) => {
  const [sample] = samplesOf('rollout', 'task', cut, { rewardScale: 10, reward, truncated });
  expect(sample?.reward).toBe(counts);
});
