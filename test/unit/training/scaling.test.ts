import { expect, it } from 'vitest';
import { judgesNeeded, stepOf } from '../../../scripts/scaling/step.js';

const units = {
  steps: 1,
  roles: ['a', 'b', 'c'],
  rollouts: 10,
  actions: 30,
  promptTokens: 80,
  replyTokens: 20,
  programSeconds: 0.5,
  sampledPerSecond: 100,
  trainedPerSecond: 300,
  contractSeconds: 0,
  logBytes: 0,
  tokenBytes: 0,
  blobBytes: 0,
  adapterBytes: null,
  optimizerBytes: null,
};
const plan = { devices: 1, workers: 5, verdictSeconds: 1, judges: 10 };

it('adds the slowest of what overlaps to the updates', () => {
  const one = stepOf(units, plan);
  expect(one).toMatchObject({ engines: 1, sampling: 6, programs: 3, coach: 3, updates: 10, total: 16 });
  expect(one.bound).toBe('updates');
  expect(one.stepsPerHour).toBe(225);
  expect(stepOf(units, { ...plan, judges: 1 })).toMatchObject({ coach: 30, total: 40, bound: 'coach' });
});

it('gives a training no more devices than roles, and the others to trainings beside it', () => {
  expect(stepOf(units, { ...plan, devices: 2 })).toMatchObject({ engines: 2, sampling: 4, sideBySide: 1 });
  expect(stepOf(units, { ...plan, devices: 64 })).toMatchObject({ engines: 3, sampling: 2, sideBySide: 21 });
});

it('says how many verdicts at a time keep up', () => {
  expect(judgesNeeded(units, plan)).toBe(5);
  expect(judgesNeeded(units, { ...plan, devices: 3, workers: 30 })).toBe(15);
});
