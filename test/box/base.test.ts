// A workflow that names the model its roles start from: it is played, trained, promoted and played again without a flag.
import {
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listRuns, type RunFolder, readLog } from '../../src/trace/index.js';
import { runCli } from '../integration/cli/command.js';
import { torchPython } from './python.js';
import { sums } from './sums.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-base-'));
  // Under the workflow's folder once links are resolved: names of their own for the same files.
  const model = process.env.BATON_SMOLLM2!;
  mkdirSync(join(folder, 'small'));
  for (const name of readdirSync(model)) linkSync(join(model, name), join(folder, 'small', name));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const own = sums.replace('provider: embedded,', 'provider: embedded, base: ./small,');
const cli = (...args: string[]) => runCli(folder, args, { BATON_TORCH_PYTHON: torchPython() });

/** Which policies acted in a run, of the agents. */
function actedIn(run: RunFolder): Set<string> {
  const calls = run.rolloutLogs().flatMap((path) => readLog(path).events);
  return new Set(calls.flatMap((event) => (event.type === 'model.called' ? [event.data.policy] : [])));
}

it('a role acts, learns and acts with what it learned, on the base that the workflow names', async () => {
  const file = join(folder, 'sums.baton.yaml');
  writeFileSync(file, sums);
  const bare = await cli('check');
  expect(bare).toMatchObject({ code: 1, stdout: expect.stringContaining('cannot play "solver"') });

  writeFileSync(file, own);
  expect(await cli('check')).toMatchObject({ code: 0, stdout: 'No problems.\n' });
  const untrained = await cli('run', '--split', 'test', '--limit', '1', '--json');
  expect(`${untrained.code} ${untrained.code === 0 ? '' : untrained.stderr}`).toBe('0 ');
  const [first] = listRuns(folder);
  expect(actedIn(first!)).toEqual(new Set(['solver@v0', 'verifier@v0']));
  expect(first!.readInfo().engine).toMatchObject({ engine: 'torch' });

  const sizes = ['--steps', '1', '--rollouts', '8', '--eval-tasks', '1', '--select-tasks', '1'];
  const trained = await cli('train', ...sizes, '--roles', 'solver', '--deterministic');
  expect(`${trained.code} ${trained.code === 0 ? '' : trained.stderr}`).toBe('0 ');
  const [training] = listRuns(folder);
  expect(training!.readInfo().options).toMatchObject({ base: './small' });
  const promoted = await cli('promote', 'solver', training!.name, '--checkpoint', 'step-1');
  expect(`${promoted.code} ${promoted.stderr}`).toBe('0 ');

  expect((await cli('run', '--split', 'test', '--limit', '1')).code).toBe(0);
  expect(actedIn(listRuns(folder)[0]!)).toEqual(new Set(['solver@p1', 'verifier@v0']));
  // What was promoted says over which base it acts, also where the workflow does not.
  writeFileSync(file, sums);
  expect(await cli('check')).toMatchObject({ code: 0 });
  const evaluated = await cli('eval', '--from', `${training!.name}:step-1`, '--limit', '1');
  expect(`${evaluated.code} ${evaluated.code === 0 ? '' : evaluated.stderr}`).toBe('0 ');
  // Another base than the one it was trained over is refused, and nothing starts.
  cpSync(join(import.meta.dirname, '../../media/base'), join(folder, 'other'), { recursive: true });
  writeFileSync(file, own.replace('./small', './other'));
  expect(await cli('run', '--split', 'test', '--limit', '1')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/solver@p1 was trained over another base than what is in .*other: put/),
  });
  const beside = await cli('train', ...sizes, '--roles', 'verifier', '--deterministic');
  expect(beside).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('was trained over another base than this training'),
  });
  // A folder that was renamed with the base in it is the same one, beside what was promoted too.
  const moved = `${folder} moved`;
  renameSync(folder, moved);
  folder = moved;
  writeFileSync(join(folder, 'sums.baton.yaml'), own);
  const again = await cli('train', ...sizes, '--roles', 'verifier', '--deterministic');
  expect(`${again.code} ${again.code === 0 ? '' : again.stderr}`).toBe('0 ');
  expect((await cli('export-model', 'solver', 'out')).code).toBe(0);
  const adapter = readFileSync(join(folder, 'out/adapter_config.json'), 'utf8');
  expect(JSON.parse(adapter)).toMatchObject({ base_model_name_or_path: join(folder, 'small') });
});
