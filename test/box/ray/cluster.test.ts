// Jobs on a real Ray that asks for a token: what is submitted twice, what is refused, and the way through ssh.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Cluster, manifestOf, type RayTarget } from '../../../src/target/index.js';
import { zipOf } from '../../../src/target/ray/package.js';
import { runCli } from '../../integration/cli/command.js';
import { type Sshd, startSshd } from '../ssh/sshd.js';
import { type Head, startHead } from './head.js';

const token = 'a-token-of-this-test-0123456789abcdef';
const driver = 'src/target/ray/driver';
let head: Head;
let sshd: Sshd;
let cluster: Cluster;
let folder: string;

const target = (): RayTarget => ({
  kind: 'ray',
  address: head.address,
  folder: '.baton-box',
  node: process.execPath,
  workers: 0,
  engines: 1,
  engine_gpus: 0,
  engine_cpus: 1,
});

beforeAll(async () => {
  // One after the other: what was started is stopped, also where the second does not start.
  sshd = await startSshd();
  head = await startHead(token);
  cluster = await Cluster.open(target(), token, driver);
  folder = mkdtempSync(join(tmpdir(), 'baton-ray-'));
});

afterAll(async () => {
  await cluster?.close();
  sshd?.stop();
  await head?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Submits a shell command under a name, as a job of ours. */
async function submit(id: string, entrypoint: string): Promise<string> {
  const own = zipOf({ 'what.txt': Buffer.from(entrypoint) });
  const uri = await cluster.client.upload(own.name, own.bytes);
  const metadata = { baton: id, baton_attempt: '1', baton_hash: own.name };
  return cluster.client.submit({ id, entrypoint, package: uri, metadata });
}

it('needs the token', async () => {
  await expect(Cluster.open(target(), null, driver)).rejects.toThrow(/asks for a token/);
  await expect(Cluster.open(target(), `${token}x`, driver)).rejects.toThrow(/does not accept the token/);
});

it('counts "already exists" as a start only where the job is ours', async () => {
  expect(await submit('twice', 'exec sleep 300')).toBe('started');
  expect(await submit('twice', 'exec sleep 300')).toBe('already');
  await expect(submit('twice', 'exec sleep 301')).rejects.toThrow(/another job of the name twice/);
  expect(await cluster.nextAttempt('twice')).toBe(2);
  await expect(cluster.remove('twice')).rejects.toThrow('while it runs');
  expect(await cluster.cancel('twice')).toEqual({ is: 'cancelled' });
  while (head.processes('sleep 300').length > 0) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await cluster.state('twice')).toEqual({ is: 'exited', code: 130 });
  expect(await cluster.jobs()).toEqual([{ name: 'twice', state: { is: 'exited', code: 130 }, step: null }]);
  expect(await cluster.state('never')).toEqual({ is: 'absent' });
});

it('follows a log from any offset to its end', async () => {
  await submit('log', 'echo one; echo two; exit 3');
  let all = '';
  const state = await cluster.follow('log', (chunk) => (all += chunk.toString()));
  expect(state).toEqual({ is: 'exited', code: 3 });
  expect(all).toContain('one\ntwo\n');
  let rest = '';
  await cluster.follow('log', (chunk) => (rest += chunk.toString()), { from: Buffer.from(all).length - 4 });
  // Ray's own lines come where they come.
  expect(rest).toBe(all.slice(-4));
});

it('fetches files with their hashes, only those that are missing here, and removes them there', async () => {
  const there = join(head.home, '.baton-box/jobs/files/work');
  mkdirSync(join(there, 'a b'), { recursive: true });
  writeFileSync(join(there, 'a b', "it's.txt"), 'one');
  writeFileSync(join(there, 'two.bin'), Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 256)));
  writeFileSync(join(there, 'empty'), '');
  const back = join(folder, 'back');
  const fetch = () => cluster.fetch('.baton-box/jobs/files/work', back);
  expect(await fetch()).toEqual({ came: 3, kept: [] });
  writeFileSync(join(there, 'two.bin'), 'changed there');
  expect(await fetch()).toEqual({ came: 1, kept: [] });
  writeFileSync(join(back, 'empty'), 'changed here');
  expect(await fetch()).toEqual({ came: 0, kept: ['empty'] });
  rmSync(join(back, 'fetched.json'));
  writeFileSync(join(back, 'empty'), '');
  expect(await manifestOf(back)).toEqual(await manifestOf(there));
  await cluster.remove('files');
  expect(existsSync(there)).toBe(false);
});

it('has no job that it neither knows nor has files of, and says so to who fetches or removes one', async () => {
  mkdirSync(join(head.home, '.baton-box/jobs/kept'), { recursive: true });
  expect(await cluster.isThere('kept')).toBe(true);
  await cluster.remove('kept');
  expect(await cluster.isThere('kept')).toBe(false);
  mkdirSync(join(folder, '.config/baton'), { recursive: true });
  writeFileSync(
    join(folder, '.config/baton/targets.yaml'),
    `targets:\n  cluster: {kind: ray, address: "${head.address}", token: "\${env:BATON_RAY_TOKEN}", node: ${process.execPath}}\n`,
  );
  for (const what of ['fetch', 'remove']) {
    const ran = await runCli(folder, ['jobs', what, 'nosuch', '--target', 'cluster', '--json'], {
      BATON_RAY_TOKEN: token,
    });
    expect(`${what} ${ran.code} ${ran.stdout}`).toContain(`${what} 2 {"error":{"code":"job.unknown"`);
  }
});

it('removes what every node has of a job, and of no other', async () => {
  const node = await head.join();
  const left = (home: string, name: string) =>
    [`jobs/${name}/work`, `cache/baton/engines/${name}`, `cache/baton/engines-apart/${name}.0a1b/0`].map(
      (path) => join(home, '.baton-box', path),
    );
  for (const home of [head.home, node.home])
    for (const path of [...left(home, 'gone'), ...left(home, 'gone-too')])
      mkdirSync(path, { recursive: true });
  await cluster.remove('gone');
  for (const home of [head.home, node.home]) {
    expect(left(home, 'gone').filter(existsSync)).toEqual([]);
    expect(left(home, 'gone-too').filter(existsSync)).toHaveLength(3);
  }
  await cluster.remove('gone-too');
});

it('fetches a large file in pieces that a log can carry', async () => {
  const there = join(head.home, '.baton-box/jobs/large/work');
  mkdirSync(there, { recursive: true });
  const bytes = randomBytes(110 << 20);
  writeFileSync(join(there, 'weights'), bytes);
  writeFileSync(join(there, 'zz'), 'last');
  const logs = vi.spyOn(cluster.client, 'logs');
  const back = join(folder, 'large');
  expect(await cluster.fetch('.baton-box/jobs/large/work', back)).toEqual({ came: 2, kept: [] });
  const sizes = await Promise.all(logs.mock.results.map(async ({ value }) => (await value).length));
  logs.mockRestore();
  expect(Math.max(...sizes)).toBeLessThan(70 << 20);
  expect(bytes.equals(readFileSync(join(back, 'weights')))).toBe(true);
  expect(readFileSync(join(back, 'zz'), 'utf8')).toBe('last');
  await cluster.remove('large');
});

it('is reached through an ssh tunnel, which ends with the connection', async () => {
  const { host, config } = sshd.target;
  const through = await Cluster.open({ ...target(), ssh: { host, config: config! } }, token, driver);
  expect(through.label).toContain('through box');
  expect(await through.state('log')).toEqual({ is: 'exited', code: 3 });
  // Cut in the middle of a log, it is opened again.
  await submit('long', 'for i in 1 2 3 4 5 6; do echo line $i; sleep 1; done');
  let all = '';
  const state = await through.follow('long', (chunk) => {
    if (!all.includes('line 2') && `${all}${chunk}`.includes('line 2')) {
      const pids = execFileSync('pgrep', ['-f', `ssh .*${config}`], { encoding: 'utf8' });
      for (const pid of pids.trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
    }
    all += chunk.toString();
  });
  expect(state).toEqual({ is: 'exited', code: 0 });
  // Ray's own lines come where they come.
  expect(all.match(/^line \d$/gm)).toEqual([1, 2, 3, 4, 5, 6].map((i) => `line ${i}`));
  await through.close();
  await expect(through.state('log')).rejects.toThrow('nothing answers');
});
