import { expect, test } from 'vitest';
import { PausableGate, type Point } from '../../../src/rollout/index.js';

const before = (visit: number): Point => ({
  ...{ rollout: 'run.a.0', agent: 'writer', action: `writer.0.${visit}`, stage: 'before', messages: [] },
  ...{ score: null, code: null, tokens: null, replyTokens: null, seconds: null, breaches: [], tool: null },
  ...{ programs: 0, status: null, spent: 0, facts: () => null },
});

test('where a rollout is held is the first hit of a breakpoint that is set there', async () => {
  const gate = new PausableGate();
  gate.pause();
  const points = () => gate.held.map(({ point }) => point);
  void gate.reach(before(0));
  const second = [{ id: 'second', agent: 'writer', hits: '== 2' }];
  expect(gate.stops.setBreakpoints(second, points())).toEqual({});
  // Set again, as a window that was reloaded does: not one more.
  gate.stops.setBreakpoints(second, points());
  gate.continue();
  void gate.reach(before(1));
  expect(points().map(({ action }) => action)).toEqual(['writer.0.1']);
  gate.continue();
  await gate.reach(before(2));
});
