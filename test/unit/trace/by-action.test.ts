import { expect, test } from 'vitest';
import { byAction, type LogEvent } from '../../../src/trace/index.js';

/** `type action more`, each an event of a log. */
const log = (...lines: string[]) =>
  lines.map((line) => {
    const [type, action, pass] = line.split(' ');
    return {
      type,
      data: { ...(action ? { action } : {}), ...(pass ? { pass } : {}) },
      line,
    } as never as LogEvent & {
      line: string;
    };
  });
const lines = (events: readonly LogEvent[]) =>
  events.map((event) => (event as LogEvent & { line: string }).line);

test("each action's events stand together, though others acted beside it", () => {
  const events = log(
    ...['rollout.started', 'action.started a', 'action.started b', 'model.called b', 'model.called a'],
    ...['tool.ran a', 'action.finished b', 'verdict b forward', 'artifact.checked a', 'action.finished a'],
    ...['arm.joined', 'action.started c', 'model.called c', 'outcome', 'verdict a backward'],
  );
  expect(lines(byAction(events))).toEqual([
    ...['rollout.started', 'action.started a', 'model.called a', 'tool.ran a', 'artifact.checked a'],
    ...['action.finished a', 'action.started b', 'model.called b', 'action.finished b', 'verdict b forward'],
    ...['arm.joined', 'action.started c', 'model.called c', 'outcome', 'verdict a backward'],
  ]);
});

test('an action that is started anew begins there, and a call of the coach stands where it was made', () => {
  const all = ['action.started a', 'call.failed a', 'rollout.reopened', 'action.started a', 'model.called a'];
  const events = log(...all, 'model.called coach/a/0', 'outcome');
  expect(lines(byAction(events))).toEqual(lines(events));
});
