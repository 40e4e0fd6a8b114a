import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listRuns } from '../../../src/trace/index.js';
import { runCli } from './command.js';

const sizes = ['--steps', '2', '--rollouts', '12', '--eval-tasks', '2', '--select-tasks', '2'];
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-measure-'));
  cpSync(join(import.meta.dirname, '../../../media/templates/table-team'), folder, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a training that its budget stops says with what to go on, and goes on to its end', async () => {
  const stopped = await runCli(folder, ['train', ...sizes, '--minutes', '0.03']);
  expect(stopped.code, stopped.stderr).toBe(4);
  const run = listRuns(folder)[0]!.name;
  expect(stopped.stdout).toContain('the budget is spent: limits.minutes 0.03');
  expect(stopped.stdout).toContain(`baton resume ${run} --minutes 0.06`);
  const resumed = await runCli(folder, ['resume', run, '--minutes', '9']);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(resumed.stdout).toMatch(/best checkpoint \(chosen on select\): \S+/);
  const followed = await runCli(folder, ['follow', run]);
  expect(followed.stdout).toMatch(/training\.step step 1\n[\s\S]*run\.finished/);
});

test('a checkpoint of it is measured on held-out tasks, as a run, and compared with the training', async () => {
  const [training] = listRuns(folder);
  const measured = await runCli(folder, [
    'eval',
    '--from',
    `${training!.name}:step-2`,
    '--limit',
    '2',
    '--json',
  ]);
  expect(measured.code, measured.stderr).toBe(0);
  const last = measured.stdout.trim().split('\n').at(-1)!;
  expect(JSON.parse(last)).toMatchObject({ summary: { rollouts: 2, success: expect.any(Number) } });
  const [evaluation] = listRuns(folder);
  expect(evaluation!.name).not.toBe(training!.name);
  const compared = await runCli(folder, ['compare', training!.name, evaluation!.name, '--json']);
  const { change } = JSON.parse(compared.stdout) as {
    change: { success: { smallestP: number; unpaired: string[] } };
  };
  // Of the training what it measured last counts, on the two tables of its held-out tasks: 2 / 2^2.
  expect(change.success.smallestP).toBe(0.5);
  expect(change.success.unpaired).toEqual([]);
  const table = (await runCli(folder, ['compare', training!.name, evaluation!.name])).stdout;
  expect(table).toContain('change in success, paired by table');
  expect(table).toContain('the smallest attainable is 0.50');
  for (const only of evaluation!.readInfo().tasks)
    expect((await runCli(folder, ['run', '--tasks', only])).code).toBe(0);
  const [second, first] = listRuns(folder);
  const one = (await runCli(folder, ['compare', evaluation!.name, first!.name])).stdout;
  expect(one).toMatch(/[+-]\d+ points on one table, which gives no interval/);
  expect((await runCli(folder, ['compare', first!.name, second!.name])).stdout).toContain(
    'no table is in both',
  );
});

test('what cannot be measured is named, with what there is', async () => {
  const from = (name: string) => runCli(folder, ['eval', '--from', name]);
  const training = listRuns(folder).at(-1)!.name;
  expect(await from(`${training}:step-9`)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('has no checkpoint "step-9"; it has base, step-2.'),
  });
  expect(await from('nope')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('No run is called "nope".'),
  });
});

test('tasks that are named are measured as what they are: held out only where they are', async () => {
  const [held] = listRuns(folder).filter((run) => run.readInfo().kind === 'eval');
  const [test] = held!.readInfo().tasks;
  const info = listRuns(folder)
    .find((run) => run.readInfo().kind === 'train')!
    .readInfo();
  const trained = 'arthritis-4';
  expect(info.tasks).toContain(trained);
  const split = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(folder, ['eval', '--json', ...args]);
    expect(code, stderr).toBe(0);
    return /"event":"evaluation","name":"base","split":"(\w+)"/.exec(stdout)?.[1];
  };
  expect(await split('--tasks', trained)).toBe('train');
  expect(await split('--tasks', test!)).toBe('test');
  expect(await split('--tasks', `${trained},${test}`)).toBe('all');
  const refused = await runCli(folder, ['run', '--split', 'test', '--tasks', trained]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(
    `The task ${trained} is in the split train, not in test; leave --split out`,
  );
});
