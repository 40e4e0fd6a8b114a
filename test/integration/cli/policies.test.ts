import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '../../../src/engine/model/files.js';
import { listRuns, RunFolder, readLog } from '../../../src/trace/index.js';
import { countingServer, runCli } from './command.js';
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

it('promotes where the team is, wherever it is typed', async () => {
  const sub = join(folder, 'notes/today');
  mkdirSync(sub, { recursive: true });
  const elsewhere = mkdtempSync(join(tmpdir(), 'baton-elsewhere-'));
  const env = { XDG_CACHE_HOME: join(folder, '.cache') };
  const path = join(folder, '.baton/runs', trained);
  for (const [cwd, run] of [
    [sub, trained],
    [elsewhere, path],
  ] as const) {
    const done = await runCli(cwd, ['promote', 'modeler', run, '--checkpoint', 'step-1'], env);
    expect(`${done.stderr}${done.stdout}`).toMatch(/^modeler acts with modeler@p\d now in .*baton-promote-/);
    expect(existsSync(join(cwd, '.baton'))).toBe(false);
  }
  expect((await runCli(sub, ['policies'], env)).stdout).toMatch(/modeler@p5 +yes/);
  expect((await runCli(sub, ['rollback', 'modeler'], env)).stdout).toContain('modeler@p4');
  expect((await runCli(sub, ['rollback', 'modeler'], env)).stdout).toContain('modeler@p3');
  expect((await runCli(sub, ['pin', 'modeler'], env)).code).toBe(0);
  expect((await runCli(sub, ['pin', 'modeler', '--off'], env)).code).toBe(0);
  rmSync(elsewhere, { recursive: true });
});

it('trains one role beside what the others act with, be that promoted weights or a server', async () => {
  const asked: string[] = [];
  const { url, server } = await countingServer((body) => {
    asked.push(body.model ?? '');
    return 'I would rather not.';
  });
  const file = join(folder, 'mixed.baton.yaml');
  const text = readFileSync(join(folder, 'table-team.baton.yaml'), 'utf8')
    .replace(/^models:\n/m, `models:\n  hosted: {provider: openai, base_url: "${url}", model: gpt-x}\n`)
    .replace(/^ {2}analyst:\n/m, '  analyst:\n    model: hosted\n')
    .replace(/^defaults: \{/m, 'defaults: {model: student, ')
    .replace(/model: student, model: student/, 'model: student');
  writeFileSync(file, text);
  const sizes = ['--steps', '1', '--rollouts', '6', '--eval-tasks', '1', '--select-tasks', '1'];
  const only = ['--roles', 'data_engineer', '--backend', 'wasm', '--json'];
  const ran = await runCli(folder, ['train', file, ...sizes, ...only]);
  expect(`${ran.code} ${ran.code === 0 ? '' : ran.stderr}`).toBe('0 ');
  expect(new Set(asked)).toEqual(new Set(['gpt-x']));
  const run = listRuns(folder).find(({ name }) => name !== trained && ran.stdout.includes(name))!;
  const acted = readLog(run.log).events.flatMap((event) =>
    event.type === 'checkpoint.saved' ? [event.data] : [],
  );
  expect(acted.map(({ policies }) => policies)).toEqual([
    { data_engineer: 'data_engineer@v0', modeler: 'modeler@p3' },
    { data_engineer: 'data_engineer@v1', modeler: 'modeler@p3' },
  ]);
  expect(run.readInfo().options).toMatchObject({ promoted: { modeler: 'modeler@p3' } });
  // What a training had for its own is promoted from it, what it only acted with is not.
  const again = await runCli(folder, ['promote', 'modeler', run.name, '--checkpoint', 'step-1']);
  expect(again.stderr).toContain(`modeler was not trained by ${run.name}: it acted there with modeler@p3`);
  asked.length = 0;
  const eva = await runCli(folder, ['eval', file, '--from', `${run.name}:step-1`, '--limit', '1']);
  expect(`${eva.code} ${eva.code === 0 ? '' : eva.stderr}`).toBe('0 ');
  expect(new Set(asked)).toEqual(new Set(['gpt-x']));
  server.close();
});

it('does not start a training that trains nobody', async () => {
  const none = await runCli(folder, ['train', 'table-team.baton.yaml', '--roles', '']);
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('--roles names no role') });
  const text = readFileSync(join(folder, 'table-team.baton.yaml'), 'utf8');
  const file = join(folder, 'still.baton.yaml');
  writeFileSync(file, text.replaceAll(/^( {4})role: /gm, '$1trained: false\n$1role: '));
  const still = await runCli(folder, ['train', file]);
  expect(still).toMatchObject({ code: 2, stderr: expect.stringContaining('No role here learns') });
});

it('makes no folder where there is nothing to go back to', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'baton-empty-'));
  expect((await runCli(empty, ['rollback', 'modeler'])).stderr).toContain('nothing to go back to');
  expect(readdirSync(empty)).not.toContain('.baton');
  rmSync(empty, { recursive: true });
});

it('promotes from the newest training where none is named, not from what ran since', async () => {
  expect((await runCli(folder, ['eval', '--from', trained, '--limit', '1'])).code).toBe(0);
  const runs = readdirSync(join(folder, '.baton/runs')).sort();
  expect(runs.at(-1)).toContain('-eval-');
  const promoted = await runCli(folder, ['promote', 'data_engineer', '--checkpoint', 'step-1', '--json']);
  expect(promoted.stderr).toBe('');
  const run = runs.findLast((name) => name.includes('-train-'))!;
  expect(JSON.parse(promoted.stdout)).toMatchObject({ role: 'data_engineer', from: { run } });
});
