// A base that lies beside the workflow, in a folder that is renamed after a training.
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listRuns } from '../../../src/trace/index.js';
import { type Ran, runCli } from './command.js';
import { startServing } from './serving.js';

const media = join(import.meta.dirname, '../../../media');
const sizes = ['--steps', '1', '--rollouts', '6', '--eval-tasks', '1', '--select-tasks', '1'];
const how = ['--engine', 'tfjs', '--backend', 'wasm'];
let above: string;
let folder: string;
let trained: string;

const right = ({ code, stderr }: Ran) => expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ');

beforeAll(async () => {
  above = mkdtempSync(join(tmpdir(), 'baton-moved-'));
  const before = join(above, 'team');
  cpSync(join(media, 'templates/table-team'), before, { recursive: true });
  cpSync(join(media, 'base'), join(before, 'model'), { recursive: true });
  const file = join(before, 'table-team.baton.yaml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('provider: embedded', 'provider: embedded, base: ./model'));
  right(await runCli(before, ['train', ...sizes, ...how]));
  [trained] = readdirSync(join(before, '.baton/runs')) as [string];
  right(await runCli(before, ['promote', 'modeler', trained, '--checkpoint', 'step-1']));
  folder = join(above, 'moved team');
  renameSync(before, folder);
});
afterAll(() => rmSync(above, { recursive: true, force: true }));

it('is kept as it lies in the folder', () => {
  expect(listRuns(folder)[0]!.readInfo().options.base).toBe('./model');
  const record = readFileSync(join(folder, '.baton/policies/modeler/p1/policy.json'), 'utf8');
  expect(JSON.parse(record)).toMatchObject({ base: { model: './model' } });
});

it('is found by eval, run, serve, export-model and a training beside what is promoted', async () => {
  const limit = ['--split', 'test', '--limit', '1'];
  right(await runCli(folder, ['eval', '--from', `${trained}:step-1`, ...limit]));
  right(await runCli(folder, ['run', ...limit]));
  const serving = await startServing(folder, ['modeler', '--backend', 'wasm']);
  expect(serving.model).toBe('modeler@p1');
  expect(await serving.stop()).toBe(0);
  right(await runCli(folder, ['export-model', 'modeler', 'out']));
  expect(readdirSync(join(folder, 'out'))).toContain('config.json');
  right(await runCli(folder, ['train', ...sizes, ...how, '--roles', 'analyst']));
  // Earlier versions kept where it lay.
  const record = join(folder, '.baton/policies/modeler/p1/policy.json');
  writeFileSync(record, readFileSync(record, 'utf8').replace('./model', '/jobs/J/work/model'));
  right(await runCli(folder, ['run', ...limit]));
  right(await runCli(folder, ['export-model', 'modeler', join(above, 'out')]));
});

it('is not taken for another, and one that is gone can be named', async () => {
  const limit = ['--split', 'test', '--limit', '1'];
  const weights = join(folder, 'model/model.safetensors');
  const bytes = readFileSync(weights);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(weights, bytes);
  const other = await runCli(folder, ['run', ...limit]);
  expect(other).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /modeler@p1 was trained over another base than what is in .*model: put its own/,
    ),
  });
  const beside = await runCli(folder, ['train', ...sizes, ...how, '--roles', 'analyst']);
  expect(beside.stderr).toContain('was trained over another base than this training');
  renameSync(join(folder, 'model'), join(above, 'gone'));
  for (const args of [
    ['eval', '--from', `${trained}:step-1`, ...limit],
    ['serve', 'modeler'],
    ['export-model', 'modeler', 'again'],
  ]) {
    const { code, stderr } = await runCli(folder, args);
    expect(`${code} ${stderr}`).toMatch(/^3 .*The base that .* is not at .*model.*--base MODEL/s);
  }
  right(
    await runCli(folder, ['eval', '--from', `${trained}:step-1`, ...limit, '--base', join(media, 'base')]),
  );
});
