// Two-step trainings on the torch engine, of table-team and of a team of SmolLM2: here, on a box behind a real sshd, and
// on a real Ray, through the command line. The same seed must give the same adapters.
import { execFileSync } from 'node:child_process';
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
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LogEvent, RunFolder, readLog } from '../../src/trace/index.js';
import { runCli, startCli } from '../integration/cli/command.js';
import { startServing } from '../integration/cli/serving.js';
import { torchPython } from './python.js';
import { type Head, startHead } from './ray/head.js';
import { type Sshd, startSshd } from './ssh/sshd.js';
import { sums } from './sums.js';

const template = join(import.meta.dirname, '../../media/templates/table-team');
const sizes = ['--steps', '2', '--rollouts', '4', '--eval-tasks', '1', '--select-tasks', '1'];
const how = ['--engine', 'torch', '--backend', 'cpu', '--deterministic'];
let sshd: Sshd;
let head: Head | undefined;
let here: string;
let laptop: string;

/** The tables of these trainings, one of each kind in each split: every other is measured more often than needed here. */
const tables = ['iris', 'tips', 'wine', 'wages', 'penguins', 'cars'];

function team(): string {
  const folder = mkdtempSync(join(tmpdir(), 'baton-torch-'));
  cpSync(template, folder, { recursive: true });
  const file = join(folder, 'tables/tables.yaml');
  const kept = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('  - ') || tables.some((name) => line.includes(`"name": "${name}"`)));
  writeFileSync(file, kept.join('\n'));
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

afterAll(async () => {
  sshd?.stop();
  await head?.stop();
  for (const folder of [here, laptop]) rmSync(folder, { recursive: true, force: true });
});

const small = ['--steps', '2', '--rollouts', '5', '--eval-tasks', '1', '--select-tasks', '1'];
let learned: ReturnType<typeof hashes>;

/** Trains the SmolLM2 team from a folder of its own, with the targets of `laptop`; gives the adapters' hashes. */
async function trainSums(...more: string[]): Promise<ReturnType<typeof hashes>> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-sums-'));
  try {
    writeFileSync(join(folder, 'sums.baton.yaml'), sums);
    cpSync(join(laptop, '.config'), join(folder, '.config'), { recursive: true });
    const base = ['--base', process.env.BATON_SMOLLM2!];
    const env = { BATON_TORCH_PYTHON: torchPython() };
    const { code, stderr } = await runCli(folder, ['train', ...small, ...how, ...base, ...more], env);
    expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ');
    return hashes(events(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function events(folder: string, run?: string): LogEvent[] {
  const runs = join(folder, '.baton/runs');
  return readLog(new RunFolder(join(runs, run ?? readdirSync(runs)[0]!)).log).events;
}

/** Shows a job until its engine is up, then kills the client that showed it. */
async function attachAndKill(job: string): Promise<void> {
  const client = startCli(laptop, ['jobs', 'attach', job]);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    client.child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('engine:')) resolve();
    });
    void client.ended.then(() => reject(new Error(`it ended before its engine was up: ${said}`)));
  });
  client.child.kill('SIGKILL');
  await client.ended;
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 100));

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

it('trains an adapter a role of SmolLM2 here', async () => {
  learned = await trainSums();
  expect(learned).toHaveLength(2);
  const [before, after] = learned;
  for (const role of ['solver', 'verifier']) expect(after![role]).not.toBe(before![role]);
});

it('trains SmolLM2 on a box to the same adapters', async () => {
  expect(await trainSums('--target', 'box')).toEqual(learned);
});

it('trains on a box to the same adapters, though the client and then the loop there are killed', async () => {
  const started = await runCli(laptop, ['train', ...sizes, ...how, '--target', 'box', '--detach', '--json']);
  expect(`${started.code} ${started.code === 0 ? '' : started.stderr}`).toBe('0 ');
  const { job } = JSON.parse(started.stdout.trim().split('\n').at(-1)!) as { job: string };
  const there = join(sshd.target.folder, 'jobs', job);

  // The first client is killed as soon as it shows something of the training.
  await attachAndKill(job);

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
  const file = join(laptop, '.config/baton/targets.yaml');
  const text = readFileSync(file, 'utf8');
  const near = text.split('\n').find((line) => line.startsWith('  box:'))!;
  writeFileSync(
    file,
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

describe('on a Ray cluster', () => {
  const token = 'a-token-of-this-test-0123456789abcdef';

  beforeAll(async () => {
    await bringUp();
    process.env.BATON_RAY_TOKEN = token;
  });

  /** Starts a head, over what an earlier one left, and makes it the target `cluster`. */
  async function bringUp(home?: string): Promise<void> {
    head = await startHead(token, home);
    const file = join(laptop, '.config/baton/targets.yaml');
    const cluster = `kind: ray, address: "${head.address}", token: "\${env:BATON_RAY_TOKEN}", workers: 2, node: ${sshd.target.node}, engine_python: ${torchPython()}`;
    const others = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .filter((line) => !/^ {2}(cluster|apart|spread):/.test(line));
    const own = [
      `  cluster: {${cluster}}`,
      `  apart: {${cluster}, engines: role}`,
      // Three engines of two CPUs are too many for one node of four.
      `  spread: {${cluster}, engines: role, engine_cpus: 2}`,
      '',
    ];
    writeFileSync(file, [...others, ...own].join('\n'));
  }

  const start = (...args: string[]): Promise<string> => startOn('cluster', ...args);
  const startOn = async (on: string, ...args: string[]): Promise<string> => {
    const given = ['train', ...sizes, ...how, '--target', on, '--detach', '--json', ...args];
    const started = await runCli(laptop, given);
    expect(`${started.code} ${started.code === 0 ? '' : started.stderr}`).toBe('0 ');
    return (JSON.parse(started.stdout.trim().split('\n').at(-1)!) as { job: string }).job;
  };

  it('trains to the same adapters, though the client and a worker that carries rollouts are killed', async () => {
    const job = await start();
    await attachAndKill(job);
    let workers: number[] = [];
    for (; workers.length === 0; await pause()) workers = head!.processes('ray::carry');
    process.kill(workers[0]!, 'SIGKILL');
    const shown = await runCli(laptop, ['jobs', 'attach', job]);
    expect(`${shown.code} ${shown.code === 0 ? '' : shown.stderr}`).toBe('0 ');
    expect(shown.stderr).toContain("every hash is the box's");
    expect(shown.stderr).not.toContain('a shard of');
    expect(hashes(events(laptop, job))).toEqual(hashes(events(here)));
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

  it('trains SmolLM2 there to the same adapters', async () => {
    expect(await trainSums('--target', 'cluster')).toEqual(learned);
  });

  it('trains with an engine a role to the same adapters, though it is cancelled, which leaves no process, and gone on with', async () => {
    const job = await startOn('apart');
    await attachAndKill(job);
    expect(head!.processes('-m baton_torch')).toHaveLength(3);
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
    expect(hashes(events(laptop, job))).toEqual(hashes(events(here)));
    const weights = join(laptop, '.cache/baton/engines', job);
    expect(readdirSync(join(weights, 'policies')).sort()).toEqual(['analyst', 'data_engineer', 'modeler']);
    const kept = JSON.parse(readFileSync(join(weights, 'checkpoints/step-2.json'), 'utf8')) as object;
    expect(Object.keys((kept as { policies: object }).policies)).toHaveLength(3);
    expect(readdirSync(join(head!.home, '.baton-box/cache/baton/engines-apart'))).toEqual([]);
  });

  it('trains with an engine a role on two nodes to the same adapters, though one is killed', async () => {
    const node = await head!.join();
    const job = await startOn('spread');
    await attachAndKill(job);
    const log = join(head!.home, '.baton-box/jobs', job, 'work/.baton/runs', job, 'run.jsonl');
    while (!readFileSync(log, 'utf8').includes('"training.step"')) await pause();
    const [engine] = node.processes('ray::Engine');
    process.kill(engine!, 'SIGKILL');
    const shown = await runCli(laptop, ['jobs', 'attach', job]);
    expect(`${shown.code} ${shown.code === 0 ? '' : shown.stderr}`).toBe('0 ');
    expect(shown.stderr).toContain('3 engines on 2 nodes');
    expect(hashes(events(laptop, job))).toEqual(hashes(events(here)));
  });

  it('can be gone on with when its head was started anew and knows it no more', async () => {
    const job = await start('--engine', 'tfjs', '--backend', 'wasm');
    await attachAndKill(job);
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
