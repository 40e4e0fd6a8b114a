// Two-step trainings of table-team on the torch engine: here, and on a box behind a real sshd, through the command line.
// The same seed must give the same adapters.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli, startCli } from '../integration/cli/command.js';
import { startServing } from '../integration/cli/serving.js';
import { torchPython } from './python.js';
import { type Sshd, startSshd } from './ssh/sshd.js';
import { attachAndKill, boxOf, events, hashes, how, pause, sizes, team, withTargets } from './training.js';

let sshd: Sshd;
let here: string;
let laptop: string;
let targets: string;

beforeAll(async () => {
  sshd = await startSshd();
  [here, laptop] = [team(), team()];
  targets = withTargets(laptop, `# mine\ntargets:\n${boxOf(sshd)}`);
});

afterAll(() => {
  sshd?.stop();
  for (const folder of [here, laptop]) rmSync(folder, { recursive: true, force: true });
});

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

it('exports a trained role as an adapter, and merged as a whole model', async () => {
  const env = { BATON_TORCH_PYTHON: torchPython() };
  const run = readdirSync(join(here, '.baton/runs'))[0]!;
  const last = hashes(events(here)).length;
  const promoted = await runCli(here, ['promote', 'modeler', run, '--checkpoint', `step-${last}`]);
  expect(`${promoted.code} ${promoted.code === 0 ? '' : promoted.stderr}`).toBe('0 ');
  expect((await runCli(here, ['export-model', 'modeler', 'adapter'], env)).stdout).toContain(
    'an adapter over',
  );
  expect(readdirSync(join(here, 'adapter'))).toContain('adapter_model.safetensors');
  const whole = await runCli(here, ['export-model', 'modeler', 'whole', '--merged'], env);
  expect(`${whole.stdout}${whole.stderr}`).toContain('merged into');
  const files = readdirSync(join(here, 'whole'));
  expect(files).toEqual(expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json']));
  expect(files.filter((name) => name.includes('adapter'))).toEqual([]);
  const none = await runCli(here, [
    'export-model',
    'modeler',
    'none',
    '--merged',
    '--engine-python',
    '/bin/false',
  ]);
  expect(none.code).toBe(3);
  expect(none.stderr).toContain('could not be merged');
  expect(existsSync(join(here, 'none'))).toBe(false);
});

it('serves a trained role, from its run and where it is promoted', async () => {
  const env = { BATON_TORCH_PYTHON: torchPython() };
  const run = readdirSync(join(here, '.baton/runs'))[0]!;
  const last = hashes(events(here)).length;
  const asked = 'modeler kind="regression" rows=80 num=2 cat=0';
  const replies: string[] = [];
  for (const args of [['--from', `${run}:step-${last}`], []]) {
    const serving = await startServing(here, ['modeler', '--backend', 'cpu', ...args], env);
    expect(serving.model).toMatch(args.length > 0 ? /^modeler@v\d$/ : /^modeler@p1$/);
    const { status, content } = await serving.ask(asked);
    expect(status).toBe(200);
    replies.push(content);
    expect(await serving.stop()).toBe(0);
  }
  expect(replies[1]).toBe(replies[0]);
});

it('trains on a box to the same adapters, though the client and then the loop there are killed', async () => {
  const started = await runCli(laptop, ['train', ...sizes, ...how, '--target', 'box', '--detach', '--json']);
  expect(`${started.code} ${started.code === 0 ? '' : started.stderr}`).toBe('0 ');
  const { job } = JSON.parse(started.stdout.trim().split('\n').at(-1)!) as { job: string };
  const there = join(sshd.target.folder, 'jobs', job);

  // The first client is killed as soon as it shows something of the training.
  await attachAndKill(laptop, job);

  // The whole loop there is killed once its first step is on record; nobody is there to write an exit code.
  const log = join(there, 'work/.baton/runs', job, 'run.jsonl');
  while (!(existsSync(log) && readFileSync(log, 'utf8').includes('"training.step"'))) await pause();
  const pid = Number(readFileSync(join(there, 'pid'), 'utf8').split(' ')[0]);
  process.kill(-pid, 'SIGKILL');
  const found = await runCli(laptop, ['jobs', 'attach', job]);
  expect(found.code).toBe(3);
  expect(found.stderr + found.stdout).toContain('its process is gone');

  const resumed = await runCli(laptop, ['jobs', 'resume', job, '--minutes', '600']);
  expect(`${resumed.code} ${resumed.code === 0 ? '' : resumed.stderr}`).toBe('0 ');
  expect(resumed.stderr).toContain("every hash is the box's");
  const logged = events(laptop, job);
  expect(hashes(logged)).toEqual(hashes(events(here)));
  expect(logged.find(({ type }) => type === 'run.resumed')?.data).toMatchObject({ caps: { minutes: 600 } });
  const weights = join(laptop, '.cache/baton/engines', job, 'policies');
  expect(readdirSync(weights).sort()).toEqual(['analyst', 'data_engineer', 'modeler']);
  const again = await runCli(laptop, ['jobs', 'fetch', job]);
  expect(again.stderr).toContain('fetched 0 files of the log and 0 of the weights');
});

it('trains here with only the engine on the box to the same adapters, though the link is cut', async () => {
  const text = readFileSync(targets, 'utf8');
  const near = text.split('\n').find((line) => line.startsWith('  box:'))!;
  writeFileSync(
    targets,
    `${text.trimEnd()}\n${near.replace('box:', 'near:').replace('{', '{placement: here, ')}\n`,
  );
  const runs = join(laptop, '.baton/runs');
  const before = existsSync(runs) ? readdirSync(runs) : [];
  const cut = startCli(laptop, ['train', ...sizes, ...how, '--target', 'near']);
  let said = '';
  cut.child.stderr!.on('data', (chunk: Buffer) => {
    const stepped = said.includes('step 1/2: success');
    said += chunk.toString();
    if (stepped || !said.includes('step 1/2: success')) return;
    const pids = execFileSync('pgrep', ['-f', `ssh .*${sshd.target.config}`], { encoding: 'utf8' });
    for (const pid of pids.trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
  });
  const ended = await cut.ended;
  expect(`${ended.code} ${ended.stderr}`).toMatch(/^3 /);
  expect(ended.stderr).toContain('only the engine runs there');
  expect(ended.stderr).toContain('the connection failed or was cut');
  const run = readdirSync(runs).find((name) => !before.includes(name))!;
  expect(ended.stderr).toContain(`resume ${run}`);
  const resumed = await runCli(laptop, ['resume', run]);
  expect(`${resumed.code} ${resumed.code === 0 ? '' : resumed.stderr}`).toBe('0 ');
  expect(resumed.stderr).toContain("every hash is the box's");
  expect(hashes(events(laptop, run))).toEqual(hashes(events(here)));
  expect(readdirSync(join(laptop, '.cache/baton/engines', run, 'policies'))).toHaveLength(3);
});

it('says what a box lacks before anything is sent, and what a target of no name is', async () => {
  const text = readFileSync(targets, 'utf8').replace(/node: [^,]*/, 'node: no-such-node');
  writeFileSync(targets, text.replace('box:', 'bare:'));
  const lacking = await runCli(laptop, ['train', ...sizes, '--target', 'bare']);
  expect(lacking.code).toBe(3);
  expect(lacking.stdout).toContain('MISSING node: none');
  expect(lacking.stderr).toContain('nothing was sent');
  const unknown = await runCli(laptop, ['train', '--target', 'nowhere']);
  expect(unknown.stderr).toContain('there are: bare');
});
