import { execFile } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSandbox, type Sandbox } from '../../src/sandbox/index.js';
import { artifacts } from '../integration/sandbox/cases-artifacts.js';
import { exhaust } from '../integration/sandbox/cases-exhaust.js';
import { reach } from '../integration/sandbox/cases-reach.js';
import { placeFor } from '../integration/sandbox/place.js';
import { containers, image, startTools } from './tools.js';

let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await startTools();
});
afterAll(() => stop?.());

describe.each(['podman', 'docker'] as const)('hostile programs in %s', (level) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    const opened = await openSandbox({ level, image });
    if (!opened.ok) throw new Error(JSON.stringify(opened.report));
    sandbox = opened.sandbox;
  });
  afterAll(async () => {
    await sandbox?.close();
    expect(await containers(level)).toEqual([]);
  });
  it.each([...reach, ...artifacts, ...exhaust])('$name', (each) => each.run(placeFor(sandbox)));

  it('an image that is not there is named, with the command that brings it', async () => {
    const opened = await openSandbox({ level, image: 'localhost/absent:1' });
    if (opened.ok) throw new Error('opened');
    const report = opened.report.levels.find((each) => each.level === level);
    expect(report?.why).toContain('localhost/absent:1 is not on this machine');
    expect(report?.todo).toEqual([`${level} pull localhost/absent:1`]);
  });
});

it('Podman of an ordinary user is refused where it would leave the limits out', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-rootless-'));
  cpSync('dist/cli.mjs', join(folder, 'dist/cli.mjs'));
  cpSync('package.json', join(folder, 'package.json'));
  for (const each of ['python', 'base', 'templates'])
    cpSync(join('media', each), join(folder, 'media', each), { recursive: true });
  chmodSync(folder, 0o755);
  const home = join(folder, 'home');
  mkdirSync(home);
  chownSync(home, 65534, 65534);
  const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--inh-caps=-all'];
  const { stdout } = await promisify(execFile)(
    'setpriv',
    [...user, process.execPath, join(folder, 'dist/cli.mjs'), 'doctor', '--json'],
    { cwd: home, env: { PATH: process.env.PATH, HOME: home, TMPDIR: home } },
  ).catch((error: { stdout: string }) => error);
  expect(stdout).toContain('Programs in podman would run without limits: without root it cannot limit');
  rmSync(folder, { recursive: true, force: true });
});
