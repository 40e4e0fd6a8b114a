// A real Ray: what its head is asked before a job goes there, and jobs that ended before their run came about.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Finding } from '../../../src/target/index.js';
import { runCli } from '../../integration/cli/command.js';
import { type Head, startHead } from './head.js';

const sizes = ['--steps', '1', '--rollouts', '4', '--eval-tasks', '1', '--select-tasks', '1'];
const train = ['train', ...sizes, '--backend', 'wasm', '--target', 'cluster', '--detach', '--json'];
let head: Head;
let folder: string;
/** What answers in the cluster's place, and takes no package while it is cut. */
let between: Server;
let cut = false;
/** A Node there that starts only where this file is. */
let mended: string;

beforeAll(async () => {
  head = await startHead();
  folder = mkdtempSync(join(tmpdir(), 'baton-begun-'));
  cpSync(join(import.meta.dirname, '../../../media/templates/table-team'), folder, { recursive: true });
  mended = join(folder, 'mended');
  // In the home folder there.
  writeFileSync(
    join(head.home, 'their-node'),
    `#!/bin/sh\n[ -e "${mended}" ] || { [ "$1" = --version ] || exit 1; }\nexec "${process.execPath}" "$@"\n`,
    { mode: 0o755 },
  );
  between = createServer((asked, reply) => {
    if (cut && asked.method === 'PUT') return asked.socket.destroy();
    const { method, headers, url } = asked;
    const there = request(new URL(url!, head.address), { method, headers }, (answer) => {
      reply.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(reply);
    });
    asked.pipe(there.on('error', () => reply.destroy()));
  });
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(between.address() as AddressInfo).port}`;
  mkdirSync(join(folder, '.config/baton'), { recursive: true });
  writeFileSync(
    join(folder, '.config/baton/targets.yaml'),
    `targets:\n  cluster: {kind: ray, address: "${address}", node: ~/their-node, workers: 2}\n`,
  );
});

afterAll(async () => {
  between?.close();
  await head?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(...args: string[]): Promise<{ code: number | null; of: (what: string) => Finding }> {
  const { code, stdout, stderr } = await runCli(folder, [
    'target',
    'preflight',
    'cluster',
    ...args,
    '--json',
  ]);
  expect(stderr).toBe('');
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return { code, of: (what) => findings.find((finding) => finding.what === what)! };
}

it('tells the disk of the head node, and whether it has the base', async () => {
  const plain = await ask();
  expect(plain.of('disk').why).toMatch(
    / free where jobs and the cache lie, a job needs about .*, on the head node$/,
  );
  expect(plain.of('base')).toBeUndefined();
  expect(plain.code).toBe(plain.of('disk').works ? 0 : 3);
  const base = join(head.home, `it's a base`);
  mkdirSync(base);
  writeFileSync(join(base, 'a.safetensors'), '');
  truncateSync(join(base, 'a.safetensors'), 4_000_000);
  expect((await ask('--base', base)).of('base')).toMatchObject({
    works: true,
    why: `${base}, there, on the head node`,
  });
  const none = await ask('--base', '/no/such/model');
  expect(none.code).toBe(3);
  expect(none.of('base')).toMatchObject({ works: false, needed: true });
  expect(none.of('base').why).toContain('is neither here nor there');
  expect((await ask('--base', 'owner/name')).of('base').why).toContain('of the Hugging Face hub');
});

it('a job that ended before its run came about starts from its beginning, once what it lacked is there', async () => {
  const started = await runCli(folder, train);
  expect(`${started.code} ${started.code === 0 ? '' : started.stderr}`).toBe('0 ');
  const { job } = JSON.parse(started.stdout.trim().split('\n').at(-1)!) as { job: string };
  const ended = await runCli(folder, ['jobs', 'attach', job]);
  expect(ended.stderr).toContain('The engine did not start');
  expect(ended.code).toBe(3);
  writeFileSync(mended, '');
  const resumed = await runCli(folder, ['jobs', 'resume', job]);
  expect(`${resumed.code} ${resumed.code === 0 ? '' : resumed.stderr}`).toBe('0 ');
  expect(resumed.stderr).toContain(`${job} had not begun; it starts there from its beginning`);
  expect(resumed.stdout).toContain(`${job} ended with 0`);
  // What nodes carried was merged, and is there no second time.
  expect(resumed.stderr).not.toContain('a shard of');
  expect(readdirSync(join(head.home, '.baton-box/jobs', job, 'shards'))).toEqual([]);

  // One whose run is there goes on.
  const again = await runCli(folder, ['jobs', 'resume', job]);
  expect(again.stderr).toContain(`${job} goes on there`);
  // From another machine too: which engine it has is on record there.
  const other = mkdtempSync(join(tmpdir(), 'baton-begun-'));
  cpSync(folder, other, { recursive: true, filter: (path) => !/\.(baton|cache)$/.test(path) });
  const elsewhere = await runCli(other, ['jobs', 'resume', job, '--target', 'cluster']);
  rmSync(other, { recursive: true });
  expect(`${elsewhere.code} ${elsewhere.code === 0 ? '' : elsewhere.stderr}`).toBe('0 ');
  expect(elsewhere.stderr).toContain(`${job} goes on there`);

  // One that was brought here and is gone there is not trained anew unasked.
  rmSync(join(head.home, '.baton-box/jobs', job), { recursive: true });
  const gone = await runCli(folder, ['jobs', 'resume', job]);
  expect(gone.code).toBe(2);
  expect(gone.stderr).toContain(`${job} is not there any more`);
});

it('a job whose package never came is told as that, and resume sends it', async () => {
  writeFileSync(mended, '');
  cut = true;
  // Another file, so that the cluster has no such package yet.
  writeFileSync(join(folder, 'more.txt'), 'more');
  const before = new Set(readdirSync(join(folder, '.baton/jobs')));
  const failed = await runCli(folder, train);
  expect(failed.code).toBe(3);
  const job = readdirSync(join(folder, '.baton/jobs'))
    .find((name) => !before.has(name))!
    .replace('.json', '');
  expect(failed.stderr).toContain(`start it: baton jobs resume ${job}`);
  cut = false;
  const attached = await runCli(folder, ['jobs', 'attach', job]);
  expect(attached.stderr).toContain('it never came there');
  const resumed = await runCli(folder, ['jobs', 'resume', job]);
  expect(`${resumed.code} ${resumed.code === 0 ? '' : resumed.stderr}`).toBe('0 ');
  expect(resumed.stderr).toContain('it starts there from its beginning');
});
