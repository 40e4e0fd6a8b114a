// A two-step training of table-team on the torch engine: here, and on a box behind a real sshd, through the command
// line. The same seed must give the same adapters.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LogEvent, RunFolder, readLog } from '../../src/trace/index.js';
import { runCli, startCli } from '../integration/cli/command.js';
import { torchPython } from './python.js';
import { type Sshd, startSshd } from './ssh/sshd.js';

const template = join(import.meta.dirname, '../../media/templates/table-team');
const sizes = ['--steps', '2', '--rollouts', '4', '--eval-tasks', '1', '--select-tasks', '1'];
const how = ['--engine', 'torch', '--backend', 'cpu', '--deterministic'];
let sshd: Sshd;
let here: string;
let laptop: string;

function team(): string {
  const folder = mkdtempSync(join(tmpdir(), 'baton-torch-'));
  cpSync(template, folder, { recursive: true });
  return folder;
}

beforeAll(async () => {
  sshd = await startSshd();
  [here, laptop] = [team(), team()];
  const settings = join(laptop, '.config', 'baton');
  mkdirSync(settings, { recursive: true });
  const { target } = sshd;
  const box = `{kind: ssh, host: ${target.host}, config: ${target.config}, folder: ${target.folder}, node: ${target.node}, engine_python: ${torchPython()}}`;
  writeFileSync(join(settings, 'targets.yaml'), `# mine\ntargets:\n  box: ${box}\n`);
});

afterAll(() => {
  sshd?.stop();
  for (const folder of [here, laptop]) rmSync(folder, { recursive: true, force: true });
});

function events(folder: string): LogEvent[] {
  const runs = join(folder, '.baton/runs');
  return readLog(new RunFolder(join(runs, readdirSync(runs)[0]!)).log).events;
}

const hashes = (log: LogEvent[]) =>
  log.flatMap((event) => (event.type === 'checkpoint.saved' ? [event.data.hashes] : []));

it('trains here with an adapter a role', async () => {
  const { code, stderr } = await runCli(here, ['train', ...sizes, ...how], {
    BATON_TORCH_PYTHON: torchPython(),
  });
  expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ');
  expect(stderr).toContain('cpu: asked for');
  const saved = hashes(events(here));
  expect(saved).toHaveLength(2);
  expect(saved[1]).not.toEqual(saved[0]);
});

it('trains on a box to the same adapters, though the client and then the loop there are killed', async () => {
  const started = await runCli(laptop, ['train', ...sizes, ...how, '--target', 'box', '--detach', '--json']);
  expect(`${started.code} ${started.code === 0 ? '' : started.stderr}`).toBe('0 ');
  const { job } = JSON.parse(started.stdout.trim().split('\n').at(-1)!) as { job: string };
  const there = join(sshd.target.folder, 'jobs', job);

  // The first client is killed as soon as it shows something of the training.
  const client = startCli(laptop, ['jobs', 'attach', job]);
  await new Promise<void>((resolve) =>
    client.child.stderr!.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('engine:')) resolve();
    }),
  );
  client.child.kill('SIGKILL');
  await client.ended;

  // The whole loop there is killed once its first step is on record; nobody is there to write an exit code.
  const log = join(there, 'work/.baton/runs', job, 'run.jsonl');
  while (!(existsSync(log) && readFileSync(log, 'utf8').includes('"training.step"')))
    await new Promise((resolve) => setTimeout(resolve, 100));
  const pid = Number(readFileSync(join(there, 'pid'), 'utf8').split(' ')[0]);
  process.kill(-pid, 'SIGKILL');
  const found = await runCli(laptop, ['jobs', 'attach', job]);
  expect(found.code).toBe(3);
  expect(found.stderr + found.stdout).toContain('its process is gone');

  const resumed = await runCli(laptop, ['jobs', 'resume', job]);
  expect(`${resumed.code} ${resumed.code === 0 ? '' : resumed.stderr}`).toBe('0 ');
  expect(resumed.stderr).toContain("every hash is the box's");
  expect(hashes(events(laptop))).toEqual(hashes(events(here)));
  const weights = join(laptop, '.cache/baton/engines', job, 'policies');
  expect(readdirSync(weights).sort()).toEqual(['analyst', 'data_engineer', 'modeler']);
  const again = await runCli(laptop, ['jobs', 'fetch', job]);
  expect(again.stderr).toContain('fetched 0 files of the log and 0 of the weights');
});

it('says what a box lacks before anything is sent, and what a target of no name is', async () => {
  const bare = join(laptop, '.config/baton/targets.yaml');
  const text = readFileSync(bare, 'utf8').replace(/node: [^,]*/, 'node: no-such-node');
  writeFileSync(bare, text.replace('box:', 'bare:'));
  const lacking = await runCli(laptop, ['train', ...sizes, '--target', 'bare']);
  expect(lacking.code).toBe(3);
  expect(lacking.stdout).toContain('MISSING node: none');
  expect(lacking.stderr).toContain('nothing was sent');
  const unknown = await runCli(laptop, ['train', '--target', 'nowhere']);
  expect(unknown.stderr).toContain('there are: bare');
});
