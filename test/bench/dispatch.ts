// Seconds from "train" to the loop's first event and to the end of its first step, over loopback ssh and Ray, each
// beside the same job sent by hand. The times stand in the job's own log; all is on one machine, so on one clock.
// `npm run bench:dispatch [-- REPEATS]`
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { programFiles } from '../../src/cli/box-job.js';
import { RunFolder, readLog } from '../../src/trace/index.js';
import { type Head, startHead } from '../box/ray/head.js';
import { type Sshd, startSshd } from '../box/ssh/sshd.js';
import { must } from './command.js';

const small = ['--steps', '1', '--rollouts', '4', '--eval-tasks', '1', '--select-tasks', '1'];
const how = ['--engine', 'tfjs', '--backend', 'wasm'];
const train = ['train', 'table-team.baton.yaml', ...small, ...how];
/** A cache and settings of its own for a process here, and as words of a shell's command. */
const settings = (folder: string) => ({
  XDG_CACHE_HOME: join(folder, 'cache'),
  XDG_CONFIG_HOME: join(folder, 'config'),
});
const settingsThere = (folder: string): string =>
  ['env', ...Object.entries(settings(folder)).map(([key, value]) => `${key}=${value}`)].join(' ');

/** Seconds from the command to the loop's first event, and to its first finished step. */
interface Times {
  up: number;
  step: number;
}

interface Way {
  name: string;
  /** Sends the job of a folder that holds `work`, and returns the folder that holds the run's log. */
  send: (folder: string) => Promise<string>;
}

const place = mkdtempSync(join(tmpdir(), 'baton-dispatch-'));

/** A workflow nobody sent before: the example team with one line of its own. */
function fresh(name: string): string {
  const folder = join(place, name);
  cpSync('media/templates/table-team', join(folder, 'work'), { recursive: true });
  appendFileSync(join(folder, 'work/table-team.baton.yaml'), `# ${name}\n`);
  return folder;
}

/** The files that a job needs of this program, as a person would copy them. */
async function stage(): Promise<string> {
  const to = join(place, 'program');
  const { folder, files } = await programFiles();
  for (const path of files.keys()) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(join(folder, path), join(to, path));
  }
  return to;
}

async function timed({ send }: Way, folder: string): Promise<Times> {
  const start = Date.now();
  const work = await send(folder);
  const runs = join(work, '.baton/runs');
  const { events } = readLog(new RunFolder(join(runs, readdirSync(runs)[0]!)).log);
  const step = events.find((event) => event.type === 'training.step');
  if (!step) throw new Error(`${work} did not finish a step`);
  return { up: (events[0]!.at - start) / 1000, step: (step.at - start) / 1000 };
}

/** `baton train --target`, with its results fetched; the log of the job comes back into the folder it was sent from. */
async function ours(folder: string, target: string): Promise<string> {
  const work = join(folder, 'work');
  const own = join(folder, 'config/baton');
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'targets.yaml'), `targets:\n  there: ${target}\n`);
  const args = [resolve('dist/cli.mjs'), ...train, '--target', 'there'];
  await must(process.execPath, args, { cwd: work, env: settings(folder) });
  return work;
}

function overSsh({ target, folder: at }: Sshd, program: string): Way[] {
  const { host, config } = target;
  const box = (folder: string) =>
    `{kind: ssh, host: ${host}, config: ${config}, folder: ${folder}, node: ${target.node}}`;
  const byHand = async (folder: string): Promise<string> => {
    const there = join(at, 'hand', folder.split('/').at(-1)!);
    await must('ssh', ['-F', config!, host, `mkdir -p ${there}`]);
    await must('scp', ['-q', '-r', '-F', config!, program, join(folder, 'work'), `${host}:${there}/`]);
    const command = [settingsThere(there), target.node, '../program/dist/cli.mjs', ...train].join(' ');
    await must('ssh', ['-F', config!, host, `cd ${there}/work && ${command}`]);
    return join(there, 'work');
  };
  return [
    { name: 'ssh: scp and ssh by hand', send: byHand },
    {
      name: 'ssh: baton train --target, first time',
      send: (folder) => ours(folder, box(join(at, folder.split('/').at(-1)!))),
    },
    { name: 'ssh: baton train --target, again', send: (folder) => ours(folder, box(join(at, 'again'))) },
  ];
}

function overRay(head: Head, node: string, program: string): Way[] {
  const byHand = async (folder: string): Promise<string> => {
    cpSync(program, join(folder, 'program'), { recursive: true });
    const there = join(head.home, 'hand', folder.split('/').at(-1)!);
    // The driver lays the files down in a folder of the user's too: a package's own goes away with the job.
    const lay = `mkdir -p ${there} && cp -rL work ${there} && program=$PWD/program && cd ${there}/work`;
    const command = `${lay} && ${settingsThere(there)} ${node} $program/dist/cli.mjs ${train.join(' ')}`;
    const submit = ['job', 'submit', '--address', head.address, '--working-dir', folder];
    await must(join(process.env.BATON_RAY!, 'ray'), [...submit, '--', 'sh', '-c', command]);
    return join(there, 'work');
  };
  const cluster = `{kind: ray, address: "${head.address}", node: ${node}}`;
  return [
    { name: 'ray: ray job submit by hand', send: byHand },
    { name: 'ray: baton train --target', send: (folder) => ours(folder, cluster) },
  ];
}

function row(name: string, all: readonly number[]): string {
  const sorted = [...all].sort((a, b) => a - b);
  const median = (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
  return `${name} ${median.toFixed(1)} s [${sorted[0]!.toFixed(1)}, ${sorted.at(-1)!.toFixed(1)}]`;
}

async function main(repeats: number): Promise<void> {
  const sshd = await startSshd();
  const head = await startHead();
  try {
    const program = await stage();
    const here: Way = {
      name: 'here: baton train',
      send: async (folder) => {
        const work = join(folder, 'work');
        await must(process.execPath, [resolve('dist/cli.mjs'), ...train], {
          cwd: work,
          env: settings(folder),
        });
        return work;
      },
    };
    const ways = [here, ...overSsh(sshd, program), ...overRay(head, sshd.target.node, program)];
    // Once without a record: programs come into the file cache, and "again" has been there.
    const times = new Map<string, Times[]>(ways.map(({ name }) => [name, []]));
    for (let round = 0; round <= repeats; round++)
      for (const [at, way] of ways.entries()) {
        const took = await timed(way, fresh(`round-${round}-${at}`));
        if (round > 0) times.get(way.name)!.push(took);
      }
    console.log(`${cpus().length} cores, ${repeats} repeats by turns, median [min, max] from the command to`);
    for (const [name, all] of times) {
      const up = row(
        'the loop',
        all.map((each) => each.up),
      );
      console.log(
        `  ${name}: ${up}; ${row(
          'its first step',
          all.map((each) => each.step),
        )}`,
      );
    }
  } finally {
    sshd.stop();
    await head.stop();
    rmSync(place, { recursive: true, force: true });
  }
}

await main(Math.max(3, Number(process.argv[2] ?? 3)));
