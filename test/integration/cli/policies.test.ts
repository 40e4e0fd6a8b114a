import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '../../../src/engine/model/files.js';
import { RunFolder } from '../../../src/trace/index.js';
import { runCli } from './command.js';
import { startServing } from './serving.js';

let folder: string;
let trained: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-promote-'));
  cpSync(join(import.meta.dirname, '../../../media/templates/table-team'), folder, { recursive: true });
  const sizes = ['--steps', '1', '--rollouts', '6', '--eval-tasks', '1', '--select-tasks', '1'];
  const { code, stderr } = await runCli(folder, ['train', ...sizes, '--backend', 'wasm']);
  expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ');
  trained = readdirSync(join(folder, '.baton/runs'))[0]!;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const promote = (...more: string[]) =>
  runCli(folder, ['promote', 'modeler', trained, '--checkpoint', 'step-1', '--json', ...more]);

it('lets one role act with trained weights, exports them, and goes back', async () => {
  const promoted = await promote();
  expect(promoted.stderr).toBe('');
  const record = JSON.parse(promoted.stdout) as { hash: string; version: string };
  expect(record).toMatchObject({ role: 'modeler', version: 'p1', engine: 'tfjs', from: { run: trained } });

  const ran = await runCli(folder, ['run', '--split', 'test', '--limit', '1']);
  expect(ran.stderr).not.toContain('error');
  const run = readdirSync(join(folder, '.baton/runs')).find((name) => name !== trained)!;
  const logs = new RunFolder(join(folder, '.baton/runs', run));
  const rollouts = join(logs.path, 'rollouts');
  const calls = readdirSync(rollouts)
    .map((name) => readFileSync(join(rollouts, name), 'utf8'))
    .join('');
  expect(calls).toContain('modeler@p1');
  expect(calls).toContain('data_engineer@v0');
  expect(calls).toContain(record.hash);

  const serving = await startServing(folder, ['modeler', '--backend', 'wasm']);
  expect(serving.model).toBe('modeler@p1');
  expect((await serving.ask('modeler kind="regression" rows=80 num=2 cat=0')).status).toBe(200);
  const table = await runCli(folder, ['policies']);
  expect(table.stdout).toMatch(new RegExp(`modeler@p1 .*${serving.baseUrl}`));
  expect(await serving.stop()).toBe(0);
  const after = await runCli(folder, ['policies', '--json']);
  expect(JSON.parse(after.stdout)).toMatchObject({ served: [], policies: [{ version: 'p1' }] });

  const to = join(folder, 'exported');
  expect((await runCli(folder, ['export-model', 'modeler', to])).code).toBe(0);
  expect(readConfig(to).model_type).toBe('llama');
  expect(readdirSync(to)).toContain('model.safetensors');
  expect((await runCli(folder, ['export-model', 'modeler', to])).stderr).toContain('is not empty');

  const back = await runCli(folder, ['rollback', 'modeler', '--json']);
  expect(JSON.parse(back.stdout)).toEqual({ role: 'modeler', version: null });
  // No role can go back to it, but a run acted with it.
  expect((await runCli(folder, ['policies', '--gc'])).stdout).toContain('Nothing to remove');
});

it('says what is wrong with what cannot be promoted', async () => {
  expect((await runCli(folder, ['promote', 'nobody', trained, '--checkpoint', 'step-1'])).stderr).toContain(
    'has no role nobody',
  );
  const base = await runCli(folder, ['promote', 'modeler', trained, '--checkpoint', 'base']);
  expect(base.stderr).toContain('modeler is untrained at base');
  const none = await runCli(folder, ['promote', 'modeler', trained, '--checkpoint', 'step-9']);
  expect(none.stderr).toContain('there are: base, step-1');
});

it('promotes several roles at once, and several times', async () => {
  const [one, two, three] = await Promise.all([
    promote(),
    promote(),
    runCli(folder, ['promote', 'analyst', trained, '--checkpoint', 'step-1', '--json']),
  ]);
  const versions = [one, two].map(({ stdout }) => (JSON.parse(stdout) as { version: string }).version);
  expect(versions.sort()).toEqual(['p2', 'p3']);
  expect(three.code).toBe(0);
  const { stdout } = await runCli(folder, ['policies', '--json']);
  const { current } = JSON.parse(stdout) as { current: Record<string, { version: string }> };
  expect(current.modeler!.version).toBe('p3');
  expect(current.analyst!.version).toBe('p1');
});

it('makes no folder where there is nothing to go back to', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'baton-empty-'));
  expect((await runCli(empty, ['rollback', 'modeler'])).stderr).toContain('nothing to go back to');
  expect(readdirSync(empty)).not.toContain('.baton');
  rmSync(empty, { recursive: true });
});
