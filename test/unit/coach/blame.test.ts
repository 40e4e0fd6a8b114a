import { expect, test } from 'vitest';
import { blameTable, culprit, unblamed } from '../../../src/coach/index.js';
import type { EventData } from '../../../src/trace/index.js';

type Ended = EventData<'rollout.ended'>;

/** An ended rollout; a score with a code is the role's own failure. */
const ended = (success: boolean | null, ...scores: [agent: string, code: string | null][]): Ended => ({
  ...{
    rollout: 'run.t.0',
    task: 't',
    stratum: 'all',
    group: 't',
    sample: 0,
    step: 'run',
    head: '',
    seconds: 1,
  },
  status: success === null ? 'failed' : 'done',
  outcome: success === null ? null : { success, metrics: {}, why: null },
  repaired: { failed: 0, repaired: 0 },
  scores: scores.map(([agent, code], at) => ({
    ...{ action: `${agent}.0.${at}`, agent, score: code === null ? 8 : 2, code },
    ...{ blamed: code === null ? null : agent, diagnosis: String(code), file: null },
  })),
});

test('who broke a contract is blamed before who only never read something, wherever they stand', () => {
  const unread: [string, string] = ['reader', 'artifact.unread'];
  expect(culprit(ended(false, unread, ['writer', 'contract.broken']))).toMatchObject({ agent: 'writer' });
  expect(culprit(ended(false, ['writer', 'contract.broken'], unread))).toMatchObject({ agent: 'writer' });
  expect(culprit(ended(false, unread, ['writer', null]))).toMatchObject({ agent: 'reader' });
  expect(culprit(ended(false, ['a', 'schema.mismatch'], ['b', 'contract.broken']))).toMatchObject({
    agent: 'a',
  });
});

test('a failure that was found with one role and comes from another counts for that one', () => {
  const rollout = ended(false, ['reader', null], ['writer', null], ['checker', 'answer.wrong']);
  rollout.scores[2]!.blamed = 'reader';
  expect(culprit(rollout)).toMatchObject({ agent: 'reader', action: 'reader.0.0', code: 'answer.wrong' });
  expect(blameTable([rollout])).toMatchObject([{ role: 'reader', code: 'answer.wrong', rollouts: 1 }]);
  // The earlier of two, by where it was done.
  rollout.scores[1] = { ...rollout.scores[1]!, code: 'contract.broken', blamed: 'writer' };
  expect(culprit(rollout)).toMatchObject({ agent: 'reader' });
  // Who never acted broke nothing, and neither did who was blocked.
  rollout.scores[2]!.blamed = 'nobody';
  expect(culprit(rollout)).toMatchObject({ agent: 'writer' });
  rollout.scores[1] = { ...rollout.scores[1]!, code: 'blocked', blamed: 'reader' };
  expect(culprit(rollout)).toBeUndefined();
});

test('nobody broke a rollout that succeeded', () => {
  const good = ended(true, ['reader', 'artifact.unread']);
  expect(culprit(good)).toBeUndefined();
  expect(blameTable([good])).toEqual([]);
});

test('failed rollouts that nobody is blamed for are counted, and those that came to no end are not among them', () => {
  const all = [
    ended(false, ['a', null]),
    ended(false, ['a', 'contract.broken']),
    ended(true, ['a', null]),
    ended(null),
  ];
  expect(unblamed(all)).toBe(1);
});
