// Only the engine on a box: over a tunnel, and where the sshd there forwards no ports. Then the run cannot begin, and
// nothing of it is left running.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Ran, startCli } from '../../integration/cli/command.js';
import { type Sshd, startSshd } from './sshd.js';

const template = join(import.meta.dirname, '../../../media/templates/table-team');
const sizes = ['--steps', '1', '--rollouts', '4', '--eval-tasks', '1', '--select-tasks', '1'];
let sshd: Sshd | undefined;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-forwarding-'));
  cpSync(template, folder, { recursive: true });
});
afterEach(() => {
  sshd?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Trains here with the engine behind an sshd of this configuration, for `limit` ms at most. */
async function train(limit: number, configuration: string[]): Promise<Ran> {
  sshd = await startSshd(undefined, configuration);
  const { host, config, node, folder: there } = sshd.target;
  mkdirSync(join(folder, '.config/baton'), { recursive: true });
  writeFileSync(
    join(folder, '.config/baton/targets.yaml'),
    `targets:\n  box: {kind: ssh, placement: here, host: ${host}, config: ${config}, folder: ${there}, node: ${node}}\n`,
  );
  const { child, ended } = startCli(folder, ['train', ...sizes, '--backend', 'wasm', '--target', 'box']);
  const timer = setTimeout(() => child.kill('SIGKILL'), limit);
  return ended.finally(() => clearTimeout(timer));
}

/** Processes of this box other than its sshd. */
function left(): string[] {
  const found = spawnSync('pgrep', ['-af', sshd!.folder], { encoding: 'utf8' }).stdout;
  return found.split('\n').filter((line) => line !== '' && !line.includes('sshd_config'));
}

it('trains over a tunnel, and leaves nothing running', async () => {
  const { code, stderr } = await train(300_000, []);
  expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ');
  expect(stderr).toContain("of the weights; every hash is the box's");
  expect(left()).toEqual([]);
});

it('ends the client, the link and the engine there where no port is forwarded, and says why', async () => {
  const { code, stderr } = await train(90_000, ['AllowTcpForwarding no']);
  expect(stderr).toContain('only the engine runs there');
  expect(stderr).toContain('AllowTcpForwarding');
  expect(code).toBe(3);
  expect(left()).toEqual([]);
});
