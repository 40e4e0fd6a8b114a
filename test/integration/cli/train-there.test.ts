// What keeps a training from being sent to a target, before anything connects to it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
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
