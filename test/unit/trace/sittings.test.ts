import { expect, test } from 'vitest';
import { type LogEvent, sittingSeconds } from '../../../src/trace/index.js';

const at = (seconds: number, type: string, data: object = {}) =>
  ({ at: seconds * 1000, type, data }) as unknown as LogEvent;

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

test('up to a moment it is what the run counted then', () => {
  const events = [
    at(100, 'run.started'),
    at(130, 'rollout.ended'),
    // By hand: it goes on.
    at(135, 'run.paused', { why: 'paused by hand' }),
    at(140, 'run.continued'),
    at(160, 'run.paused', { why: 'cancelled' }),
    at(5000, 'run.resumed'),
    at(5010, 'rollout.ended'),
    // It was killed some time after 5010.
    at(9000, 'run.resumed'),
    at(9012, 'run.finished'),
  ];
  const seconds = (until: number, of = events) => sittingSeconds(of, until * 1000);
  expect([50, 100, 120, 138, 150].map((until) => seconds(until))).toEqual([0, 0, 20, 38, 50]);
  // Stopped, resumed, killed: what happened between its last thing on record and the kill counted while it went on.
  expect([160, 3000, 5000, 5005, 5030].map((until) => seconds(until))).toEqual([60, 60, 60, 65, 90]);
  expect([9000, 9006, 9012, 99999].map((until) => seconds(until))).toEqual([70, 76, 82, 82]);
  expect(sittingSeconds(events)).toBe(82);
  // One that is still held by hand goes on counting.
  expect(seconds(400, events.slice(0, 3))).toBe(300);
});
