import { expect, test } from 'vitest';
import type { LogEvent } from '../../../src/trace/index.js';
import { propagateRewards, samplesOf } from '../../../src/training/index.js';

/** A rollout in which the only action was cut at its longest, as it lies in a log; the coach gives such a reply no score. */
const cut = [
  { type: 'action.started', data: { action: 'writer.0.0', agent: 'writer', arm: 'main' } },
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

interface Acted {
  arm?: string;
  /** Of 10. */
  score: number | null;
  /** Acts with a server's model, which tells no ids. */
  hosted?: boolean;
}

/** The log of a rollout: who acted in which arm, one after the other; a list of names joins those arms. */
function log(...steps: ([string, Acted] | string[])[]): LogEvent[] {
  const events = steps.flatMap((step): unknown[] => {
    if (typeof step[1] === 'string')
      return [{ type: 'arm.joined', data: { arms: step, merged: [], dropped: [] } }];
    const [agent, { arm = 'main', score, hosted }] = step as [string, Acted];
    const action = `${agent}.0.0`;
    const tokens = hosted
      ? { promptIds: null, ids: null, logprobs: null }
      : { promptIds: [1], ids: [2], logprobs: [-1] };
    return [
      { type: 'action.started', data: { action, agent, arm } },
      { type: 'model.called', data: { action, finish: 'stop', ...tokens } },
      { type: 'verdict', data: { action, judge: 'contracts', score } },
    ];
  });
  return events as unknown as LogEvent[];
}

/** What each role's action is trained on with action_gamma 1. */
function handedBack(events: LogEvent[]): Record<string, number | null> {
  const samples = samplesOf('r', 't', events, { rewardScale: 10, reward: 'action', truncated: 'mask' });
  const rewards = propagateRewards(samples, 1).map((each) => each && Math.round(each * 10) / 10);
  return Object.fromEntries(samples.map(({ role }, at) => [role, rewards[at] ?? null]));
}

test('rewards come back from what could build on an action, and not from the arm beside it', () => {
  const arms = log(
    ['a', { arm: 'main-0', score: 2 }],
    ['b', { arm: 'main-1', score: 5 }],
    ['main-0', 'main-1'],
    ['c', { score: 10 }],
  );
  expect(handedBack(arms)).toEqual({ a: 1.2, b: 1.5, c: 1 });
  // A second parallel part: its arms, named like those of the first, build on both of them.
  const twice = log(
    ['a', { arm: 'main-0', score: 2 }],
    ['b', { arm: 'main-1', score: 5 }],
    ['main-0', 'main-1'],
    ['c', { arm: 'main-0', score: 1 }],
    ['d', { arm: 'main-1', score: 3 }],
  );
  expect(handedBack(twice)).toEqual({ a: 0.6, b: 0.9, c: 0.1, d: 0.3 });
});

test('a role of a server hands its scores back, and so does one that has none', () => {
  expect(handedBack(log(['a', { score: 2 }], ['b', { score: 5, hosted: true }]))).toEqual({ a: 0.7, b: 0.5 });
  expect(handedBack(log(['a', { score: 2 }], ['b', { score: null, hosted: true }]))).toEqual({
    a: null,
    b: null,
  });
});

test('an action that was cut off and started again is one sample', () => {
  const events = log(['a', { score: 2 }], ['b', { score: 5 }]);
  const again = [...events.slice(0, 4), events[3]!, ...events.slice(4)];
  const samples = samplesOf('r', 't', again, { rewardScale: 10, reward: 'action', truncated: 'mask' });
  expect(samples.map(({ role, later }) => ({ role, later }))).toEqual([
    { role: 'a', later: ['b.0.0'] },
    { role: 'b', later: [] },
  ]);
});
