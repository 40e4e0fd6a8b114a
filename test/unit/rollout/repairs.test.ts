import { expect, test } from 'vitest';
import { repairsIn } from '../../../src/rollout/repairs.js';
import type { LogEvent } from '../../../src/trace/index.js';

const event = (type: string, data: object) => ({ type, data }) as unknown as LogEvent;
/** A turn that was broken by a program or by a contract, or was not. */
const turn = (action: string, broken: 'tool' | 'contract' | null, status = 'done') => [
  event('tool.ran', { action, outcome: broken === 'tool' ? 'failed' : 'ok' }),
  event('artifact.checked', { action, breaches: broken === 'contract' ? [{}] : [] }),
  event('action.finished', { action, status }),
];

test('a visit is repaired where its first turn was broken and its last was not', () => {
  expect(
    repairsIn([
      ...turn('a.0.0', 'tool'),
      ...turn('a.0.1', 'contract'),
      ...turn('a.0.2', null),
      ...turn('a.1.0', 'contract'),
      ...turn('a.1.1', 'tool'),
      ...turn('b.0.0', null),
      ...turn('c.0.0', 'contract', 'blocked'),
      // Begun, and cut.
      event('tool.ran', { action: 'd.0.0', outcome: 'failed' }),
    ]),
  ).toEqual({ failed: 2, repaired: 1 });
});
