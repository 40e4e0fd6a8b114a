// What keeps a training from being sent to a target, before anything connects to it.
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { folderWith, type Ran, runCli } from './command.js';
import { hopeless } from './engine-between.js';

let folder: string;
beforeEach(() => {
  folder = folderWith({ 'a.baton.yaml': hopeless });
  mkdirSync(join(folder, '.config/baton'), { recursive: true });
  const targets = 'targets:\n  box: {kind: ssh, host: baton-test.invalid}\n';
  writeFileSync(join(folder, '.config/baton/targets.yaml'), targets);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const train = (env: Record<string, string> = {}): Promise<Ran> =>
  runCli(folder, ['train', '--target', 'box'], env);

it('a home folder is not sent', async () => {
  const ran = await train({ HOME: folder });
  expect(`${ran.code} ${ran.stderr}`).toContain(`2 baton: A job takes the workflow's folder with it`);
  expect(ran.stderr).toContain('is your home folder: nothing was sent. Make a folder of its own');
  const around = await train({ HOME: join(folder, '.config') });
  expect(around.stderr).toContain('is a folder around your home folder');
  expect((await train()).stderr).toContain('baton-test.invalid');
});

const workflow = (text: string) => writeFileSync(join(folder, 'a.baton.yaml'), text);
const nothingNoted = () => expect(existsSync(join(folder, '.baton'))).toBe(false);

it('a workflow with problems is not sent', async () => {
  workflow(hopeless.replace('words > 100000', 'wrods > 100000'));
  const ran = await train();
  expect(`${ran.code} ${ran.stderr}`).toMatch(/^1 baton: a\.baton\.yaml:\d+:\d+: error: .*wrods/);
  workflow(hopeless.replaceAll('split: test', 'split: train'));
  expect((await train()).stderr).toContain('There is no task in the split "test"');
  nothingNoted();
});

it('a workflow whose key is not stored is not sent, and one that needs none of a model that nobody uses is', async () => {
  const judge =
    'j: {provider: openai, base_url: "https://api.invalid/v1", model: j, api_key: "${secret:JUDGE}"}';
  const idle = hopeless.replace('models: {', `models: {${judge}, `);
  workflow(`${idle}coach: {model: j}\n`);
  const ran = await train();
  expect(`${ran.code} ${ran.stderr}`).toContain(
    '3 baton: j: No secret JUDGE is stored for https://api.invalid. Run: baton secret set JUDGE --for https://api.invalid\nNothing was sent.',
  );
  nothingNoted();
  workflow(idle);
  expect((await train()).stderr).toContain('baton-test.invalid');
});

it('a workflow that needs what is behind a link out of its folder is not sent', async () => {
  mkdirSync(join(folder, 'lib'));
  symlinkSync('/etc/hostname', join(folder, 'lib/shared.py'));
  expect((await train()).stderr).toContain('lib/shared.py stays here: it is a link that leads outside');
  workflow(`${hopeless}python: {modules: [lib]}\n`);
  const ran = await train();
  expect(`${ran.code} ${ran.stderr}`).toContain('2 baton: The workflow names what would not go with it:');
  nothingNoted();
});
