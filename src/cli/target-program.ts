import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { torchSource } from '../engine/index.js';
import {
  addTarget,
  assess,
  Box,
  type Finding,
  findTarget,
  passes,
  probeHere,
  probeThere,
  readTargets,
  readyPython,
  sshArguments,
  type Wanted,
} from '../target/index.js';
import { attachJob, type BoxJob, explainState, fetchJob, prepareJob, startJob } from './box-job.js';
import { cacheFolder, configFolder } from './places.js';
import { commandName, exit, Failure, type Terminal } from './terminal.js';

export const targetsFile = (): string => join(configFolder(), 'targets.yaml');

/** `target` and `jobs`. */
export function targetCommands(
  root: Command,
  json: (command: Command) => Command,
  terminal: () => Terminal,
  done: (code: number) => void,
): void {
  const target = root
    .command('target')
    .description('machines that training can run on; only you define them');
  json(target.command('list')).action(() => {
    const out = terminal();
    const all = readTargets(targetsFile());
    out.emit({ file: targetsFile(), targets: all });
    for (const [name, each] of Object.entries(all)) out.say(`${name}  ${each.kind}  ${each.host}`);
    if (Object.keys(all).length === 0)
      out.say(`No targets in ${targetsFile()}. Add one: ${commandName()} target add NAME --ssh HOST`);
    done(exit.fine);
  });
  target
    .command('add <name>')
    .description('add a machine to your settings')
    .requiredOption('--ssh <host>', 'a host of your ssh configuration, or user@host')
    .option('--ssh-config <path>', 'another ssh configuration than your own')
    .option('--folder <path>', 'where jobs are kept there')
    .option('--node <path>', 'the Node there, if it is not on the PATH')
    .option('--engine-python <path>', "a Python there that has the torch engine's packages")
    .action((name: string, options: { ssh: string } & Record<string, string | undefined>) => {
      const { ssh, sshConfig: config, folder, node, enginePython: engine_python } = options;
      const given = Object.entries({ config, folder, node, engine_python }).filter(([, value]) => value);
      addTarget(targetsFile(), name, { kind: 'ssh', host: ssh, ...Object.fromEntries(given) });
      terminal().say(
        `${name} is in ${targetsFile()}. See what it has: ${commandName()} target preflight ${name}`,
      );
      done(exit.fine);
    });
  json(target.command('preflight [name]'))
    .description('what a machine has and lacks for training; this one where none is named')
    .addOption(new Option('--engine <kind>', 'tfjs or torch').choices(['tfjs', 'torch']).default('tfjs'))
    .addOption(new Option('--method <kind>', 'lora or full').choices(['lora', 'full']))
    .option('--base <model>', 'the model that is to be trained')
    .action(async (name: string | undefined, options: Wanted) => {
      const out = terminal();
      const findings = await preflight(name, options);
      out.emit({ target: name ?? 'local', ok: passes(findings), findings });
      say(out, findings);
      done(passes(findings) ? exit.fine : exit.environment);
    });
  target
    .command('shell <name>')
    .description('open a shell there')
    .action((name: string) => {
      const own = findTarget(targetsFile(), name);
      const args = sshArguments(own).filter((arg) => arg !== '-T' && arg !== '-oBatchMode=yes');
      done(spawnSync('ssh', ['-t', ...args], { stdio: 'inherit' }).status ?? exit.environment);
    });

  const jobs = root.command('jobs').description('training that runs on a target');
  json(jobs.command('list <target>')).action(async (name: string) => {
    const out = terminal();
    const found = await (await Box.open(findTarget(targetsFile(), name))).jobs();
    out.emit({ target: name, jobs: found });
    for (const each of found) out.say(explainState(each.name, each.state));
    done(exit.fine);
  });
  const job = (
    what: string,
    description: string,
    act: (out: Terminal, job: BoxJob) => Promise<number>,
  ): void => {
    json(jobs.command(`${what} <job>`))
      .description(description)
      .option('--target <name>', 'the target it runs on')
      .action(async (name: string, { target: on }: { target?: string }) =>
        done(await act(terminal(), await openJob(name, on))),
      );
  };
  job('attach', "replay a job's log, go on live, and fetch the results", (out, own) => attachJob(out, own));
  job('cancel', 'stop a job; what it logged is kept', async (out, { box, name }) => {
    const state = await box.cancel(name);
    out.emit({ job: name, state });
    out.say(state.is === 'cancelled' ? `${name} is stopped.` : explainState(name, state));
    return exit.fine;
  });
  job('fetch', 'bring the log and the weights here, with their hashes verified', async (out, own) => {
    await fetchJob(out, own);
    return exit.fine;
  });
  job('resume', 'start a job again where it stopped', async (out, own) => {
    const state = await own.box.state(own.name);
    if (state.is === 'running' || state.is === 'absent')
      throw new Failure('job.state', explainState(own.name, state), exit.usage);
    const known = readNote(own.name);
    const program = await prepareJob(out, own);
    const attempt = Date.now();
    await startJob(own, attempt, program, ['resume', own.name], known.workflow);
    out.note(`${own.name} goes on there`);
    return attachJob(out, own);
  });
  job('remove', "remove a job's files there", async (out, { box, name }) => {
    await box.remove(name);
    out.say(`${name} is removed from ${box.target.host}.`);
    return exit.fine;
  });
}

interface Note {
  target: string;
  workflow: string;
}

const notes = (): string => join(process.cwd(), '.baton', 'jobs');

/** Where a job of this folder runs; written when it is sent, and only a convenience. */
export function readNote(name: string): Note {
  try {
    return JSON.parse(readFileSync(join(notes(), `${name}.json`), 'utf8')) as Note;
  } catch {
    const workflows = readdirSync(process.cwd()).filter((file) => /\.baton\.ya?ml$/.test(file));
    return { target: '', workflow: workflows[0] ?? '' };
  }
}

async function openJob(name: string, on: string | undefined): Promise<BoxJob> {
  const target = on ?? readNote(name).target;
  if (target === '')
    throw new Failure(
      'job.unknown',
      `This folder has no job ${name}; say where it runs: --target NAME`,
      exit.usage,
    );
  return { box: await Box.open(findTarget(targetsFile(), target)), name, folder: process.cwd() };
}

/** Findings for a target, or for this machine. */
export async function preflight(name: string | undefined, wanted: Wanted): Promise<Finding[]> {
  if (name === undefined) {
    const ready = readyPython({ cache: cacheFolder(), source: torchSource() }) !== null;
    return assess(probeHere(cacheFolder()), { ...wanted, ready });
  }
  const target = findTarget(targetsFile(), name);
  return assess(await probeThere(target), { ...wanted, ready: target.engine_python !== undefined });
}

export function say(out: Terminal, findings: readonly Finding[]): void {
  for (const { what, works, needed, why, todo } of findings) {
    out.say(`${works ? 'ok     ' : needed ? 'MISSING' : '-      '} ${what}: ${why}`);
    for (const line of todo) out.say(`          ${line}`);
  }
}
