// A training that makes nothing better: its best checkpoint is the base, which was measured before it began.
import { expect, test } from 'vitest';
import { listRuns, readLog } from '../../../src/trace/index.js';
import { folderWith, runCli } from './command.js';
import { hopeless } from './engine-between.js';

test('each rollout has one row, each evaluation is logged once, and who breaks it is told before it trains', {
  timeout: 240_000,
}, async () => {
  const folder = folderWith({ 'a.baton.yaml': hopeless });
  const sizes = ['--steps', '1', '--rollouts', '4', '--eval-tasks', '2', '--select-tasks', '2'];
  const ran = await runCli(folder, ['train', ...sizes, '--backend', 'wasm', '--json']);
  expect(ran.code, ran.stderr + ran.stdout).toBe(0);
  const { events } = readLog(listRuns(folder)[0]!.log);
  const rows = events.flatMap((event) => (event.type === 'rollout.ended' ? [event.data.rollout] : []));
  expect(rows.length).toBeGreaterThan(0);
  expect(new Set(rows).size).toBe(rows.length);
  const measured = events.flatMap((event) =>
    event.type === 'evaluation' ? [`${event.data.split}/${event.data.name}`] : [],
  );
  expect(measured).toEqual(['test/base', 'select/base', 'select/step-1']);
  const told = ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; rollouts: number; blame: { role: string }[] });
  const blamed = told.findIndex(({ event }) => event === 'blame');
  expect(told[blamed]).toMatchObject({ rollouts: 2, blame: [{ rollouts: 2 }] });
  expect(blamed).toBeLessThan(told.findIndex(({ event }) => event === 'training.step'));
});
