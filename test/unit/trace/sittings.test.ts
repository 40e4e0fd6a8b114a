import { expect, test } from 'vitest';
import { type LogEvent, sittingSeconds } from '../../../src/trace/index.js';

const at = (seconds: number, type: string) => ({ at: seconds * 1000, type, data: {} }) as unknown as LogEvent;

test('the time of a run is that of its sittings, each to the last thing on record', () => {
  expect(sittingSeconds([])).toBe(0);
  expect(sittingSeconds([at(100, 'run.started')])).toBe(0);
  expect(
    sittingSeconds([
      at(100, 'run.started'),
      at(130, 'rollout.ended'),
      at(5000, 'run.resumed'),
      at(5010, 'rollout.ended'),
      at(5012, 'run.finished'),
      at(9000, 'run.resumed'),
    ]),
  ).toBe(42);
});
