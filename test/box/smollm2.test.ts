// A team of SmolLM2 learns an adapter a role: here, on a box behind a real sshd and on a real Ray, through the command
// line. The same seed must give the same adapters.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Head, startHead } from './ray/head.js';
import { type Sshd, startSshd } from './ssh/sshd.js';
import { sums } from './sums.js';
import { boxOf, clustersAt, type hashes, trained, withTargets } from './training.js';

const small = ['--steps', '1', '--rollouts', '4', '--eval-tasks', '1', '--select-tasks', '1'];
const token = 'a-token-of-this-test-0123456789abcdef';
let sshd: Sshd;
let head: Head;
let targets: string;
let learned: ReturnType<typeof hashes>;

beforeAll(async () => {
  sshd = await startSshd();
  head = await startHead(token);
  process.env.BATON_RAY_TOKEN = token;
  targets = `targets:\n${boxOf(sshd)}${clustersAt(head.address)}`;
});

afterAll(async () => {
  sshd?.stop();
  await head?.stop();
});

/** Trains from a folder of its own. */
async function trainSums(...more: string[]): Promise<ReturnType<typeof hashes>> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-sums-'));
  try {
    writeFileSync(join(folder, 'sums.baton.yaml'), sums);
    withTargets(folder, targets);
    return await trained(folder, ...small, '--base', process.env.BATON_SMOLLM2!, ...more);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

it('here', async () => {
  learned = await trainSums();
  expect(learned).toHaveLength(2);
  const [before, after] = learned;
  for (const role of ['solver', 'verifier']) expect(after![role]).not.toBe(before![role]);
});

it('on a box to the same adapters', async () => {
  expect(await trainSums('--target', 'box')).toEqual(learned);
});

it('on a Ray cluster to the same adapters', async () => {
  expect(await trainSums('--target', 'cluster')).toEqual(learned);
});
