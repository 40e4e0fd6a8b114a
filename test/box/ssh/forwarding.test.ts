// Only the engine on a box whose sshd forwards no ports: the run cannot begin, and nothing of it is left running.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCli } from '../../integration/cli/command.js';
import { type Sshd, startSshd } from './sshd.js';

const template = join(import.meta.dirname, '../../../media/templates/table-team');
const sizes = ['--steps', '1', '--rollouts', '4', '--eval-tasks', '1', '--select-tasks', '1'];
let sshd: Sshd;
let folder: string;

beforeAll(async () => {
  sshd = await startSshd(undefined, ['AllowTcpForwarding no']);
  folder = mkdtempSync(join(tmpdir(), 'baton-forwarding-'));
  cpSync(template, folder, { recursive: true });
  const { host, config, node, folder: there } = sshd.target;
  mkdirSync(join(folder, '.config/baton'), { recursive: true });
  writeFileSync(
    join(folder, '.config/baton/targets.yaml'),
    `targets:\n  box: {kind: ssh, placement: here, host: ${host}, config: ${config}, folder: ${there}, node: ${node}}\n`,
  );
});
afterAll(() => {
  sshd?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('ends the client, the link and the engine there, and says why', async () => {
  const { child, ended } = startCli(folder, ['train', ...sizes, '--backend', 'wasm', '--target', 'box']);
  const timer = setTimeout(() => child.kill('SIGKILL'), 90_000);
  const { code, stderr } = await ended.finally(() => clearTimeout(timer));
  expect(stderr).toContain('only the engine runs there');
  expect(stderr).toContain('AllowTcpForwarding');
  expect(code).toBe(3);
  const left = spawnSync('pgrep', ['-af', sshd.folder], { encoding: 'utf8' }).stdout;
  const others = left.split('\n').filter((line) => line !== '' && !line.includes('sshd_config'));
  expect(others).toEqual([]);
});
