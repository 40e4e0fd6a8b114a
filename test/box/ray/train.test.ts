// Two-step trainings of table-team on the torch engine and a real Ray, through the command line: the adapters must be
// those of the same training here, whatever is killed meanwhile.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RunFolder } from '../../../src/trace/index.js';
import { runCli } from '../../integration/cli/command.js';
import {
  attachAndKill,
  clustersAt,
  events,
  hashes,
  how,
  pause,
  sizes,
  team,
  trained,
  withTargets,
} from '../training.js';
import { type Head, startHead } from './head.js';

const token = 'a-token-of-this-test-0123456789abcdef';
let head: Head | undefined;
let here: string;
let laptop: string;
let learned: ReturnType<typeof hashes>;

/** Starts a head, over what an earlier one left, and makes it the target `cluster`. */
async function bringUp(home?: string): Promise<void> {
  head = await startHead(token, home);
  withTargets(laptop, `targets:\n${clustersAt(head.address)}`);
}

beforeAll(async () => {
  [here, laptop] = [team(), team()];
  process.env.BATON_RAY_TOKEN = token;
  learned = await trained(here, ...sizes);
  await bringUp();
});

afterAll(async () => {
  await head?.stop();
  for (const folder of [here, laptop]) rmSync(folder, { recursive: true, force: true });
});

const start = (...args: string[]): Promise<string> => startOn('cluster', ...args);
const startOn = async (on: string, ...args: string[]): Promise<string> => {
  const given = ['train', ...sizes, ...how, '--target', on, '--detach', '--json', ...args];
  const started = await runCli(laptop, given);
  expect(`${started.code} ${started.code === 0 ? '' : started.stderr}`).toBe('0 ');
  return (JSON.parse(started.stdout.trim().split('\n').at(-1)!) as { job: string }).job;
};

it('trains to the same adapters, though the client and a worker that carries rollouts are killed', async () => {
  const job = await start();
  await attachAndKill(laptop, job);
  let workers: number[] = [];
  for (; workers.length === 0; await pause()) workers = head!.processes('ray::carry');
  process.kill(workers[0]!, 'SIGKILL');
  const shown = await runCli(laptop, ['jobs', 'attach', job]);
  expect(`${shown.code} ${shown.code === 0 ? '' : shown.stderr}`).toBe('0 ');
  expect(shown.stderr).toContain("every hash is the box's");
  expect(shown.stderr).not.toContain('a shard of');
  expect(hashes(events(laptop, job))).toEqual(learned);
  // What the nodes carried is in the one log, with what it refers to.
  const run = new RunFolder(join(laptop, '.baton/runs', job));
  expect(readdirSync(join(run.path, 'rollouts')).sort()).toEqual(
    readdirSync(join(here, '.baton/runs', readdirSync(join(here, '.baton/runs'))[0]!, 'rollouts')).sort(),
  );
  const again = await runCli(laptop, ['jobs', 'fetch', job]);
  expect(again.stderr).toContain('fetched 0 files of the log and 0 of the weights');
  expect((await runCli(laptop, ['jobs', 'remove', job])).code).toBe(0);
  expect(existsSync(join(head!.home, '.baton-box/jobs', job))).toBe(false);
});

it('trains with an engine a role to the same adapters, though it is cancelled, which leaves no process, and gone on with', async () => {
  const job = await startOn('apart');
  await attachAndKill(laptop, job);
  const engines = head!.processes('-m baton_torch');
  expect(engines).toHaveLength(3);
  // Who takes no GPU of the cluster sees none.
  for (const pid of engines)
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toContain('\0CUDA_VISIBLE_DEVICES=\0');
  const log = join(head!.home, '.baton-box/jobs', job, 'work/.baton/runs', job, 'run.jsonl');
  while (!readFileSync(log, 'utf8').includes('"training.step"')) await pause();
  expect((await runCli(laptop, ['jobs', 'cancel', job])).stdout).toContain('is stopped');
  while (
    ['cli.mjs', '-m baton_torch', 'ray::Engine', 'ray::carry'].some(
      (name) => head!.processes(name).length > 0,
    )
  )
    await pause();
  const resumed = await runCli(laptop, ['jobs', 'resume', job]);
  expect(`${resumed.code} ${resumed.code === 0 ? '' : resumed.stderr}`).toBe('0 ');
  expect(resumed.stderr).toContain('3 engines on 1 nodes: data_engineer; modeler; analyst');
  expect(hashes(events(laptop, job))).toEqual(learned);
  const weights = join(laptop, '.cache/baton/engines', job);
  expect(readdirSync(join(weights, 'policies')).sort()).toEqual(['analyst', 'data_engineer', 'modeler']);
  const kept = JSON.parse(readFileSync(join(weights, 'checkpoints/step-2.json'), 'utf8')) as object;
  expect(Object.keys((kept as { policies: object }).policies)).toHaveLength(3);
  expect(readdirSync(join(head!.home, '.baton-box/cache/baton/engines-apart'))).toEqual([]);
});

it('trains with an engine a role on two nodes to the same adapters, though one is killed', async () => {
  const node = await head!.join();
  const job = await startOn('spread');
  await attachAndKill(laptop, job);
  const log = join(head!.home, '.baton-box/jobs', job, 'work/.baton/runs', job, 'run.jsonl');
  while (!readFileSync(log, 'utf8').includes('"training.step"')) await pause();
  const [engine] = node.processes('ray::Engine');
  process.kill(engine!, 'SIGKILL');
  const shown = await runCli(laptop, ['jobs', 'attach', job]);
  expect(`${shown.code} ${shown.code === 0 ? '' : shown.stderr}`).toBe('0 ');
  expect(shown.stderr).toContain('3 engines on 2 nodes');
  expect(hashes(events(laptop, job))).toEqual(learned);
});

it('can be gone on with when its head was started anew and knows it no more', async () => {
  const job = await start('--engine', 'tfjs', '--backend', 'wasm');
  await attachAndKill(laptop, job);
  const { home } = head!;
  await head!.stop(true);
  await bringUp(home);
  const found = await runCli(laptop, ['jobs', 'attach', job]);
  expect(found.code).toBe(3);
  expect(found.stderr + found.stdout).toContain('its head was started anew');
  const resumed = await runCli(laptop, ['jobs', 'resume', job]);
  expect(`${resumed.code} ${resumed.code === 0 ? '' : resumed.stderr}`).toBe('0 ');
  expect(hashes(events(laptop, job))).toHaveLength(2);
});

it('gets no key, and says what to do instead', async () => {
  const file = join(laptop, 'table-team.baton.yaml');
  const before = readFileSync(file, 'utf8');
  const judge =
    '  judge: {provider: openai, base_url: "http://127.0.0.1:9/v1", model: m, api_key: "${secret:JUDGE}"}\n';
  writeFileSync(file, before.replace('models:\n', `models:\n${judge}`));
  const refused = await runCli(laptop, ['train', ...sizes, '--target', 'cluster']);
  writeFileSync(file, before);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('no key travels to a Ray cluster');
  expect(refused.stderr).toContain('${env:BATON_JUDGE}');
});
