import { spawnSync } from 'node:child_process';
import { isAbsolute, join } from 'node:path';
import { type Command, Option } from 'commander';
import { torchSource } from '../engine/index.js';
import { type Caps, capsAmong } from '../rollout/index.js';
import {
  addTarget,
  askedThere,
  assess,
  bringNode,
  cacheThere,
  clusterFindings,
  type Finding,
  findTarget,
  passes,
  probeHere,
  probeThere,
  readTargets,
  readyMarker,
  readyPython,
  setNode,
  sshArguments,
  type TargetInput,
  targetsFile,
  type Wanted,
} from '../target/index.js';
import { capFlags, list } from './arguments.js';
import {
  asSent,
  attachJob,
  type BoxJob,
  explainState,
  fetchJob,
  mustBeThere,
  removeJob,
  resumeJob,
} from './box-job.js';
import { openCluster, openHost } from './job-host.js';
import { homeOf, readNote } from './job-notes.js';
import { cacheFolder } from './places.js';
import { commandName, exit, Failure, type Terminal } from './terminal.js';

type JobFlags = Caps & { target?: string; allowEnv?: string[] };

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
  json(target.command('list'))
    .description('the machines in your settings')
    .action(() => {
      const out = terminal();
      const all = readTargets(targetsFile());
      out.emit({ file: targetsFile(), targets: all });
      for (const [name, each] of Object.entries(all))
        out.say(`${name}  ${each.kind}  ${each.kind === 'ssh' ? each.host : each.address}`);
      if (Object.keys(all).length === 0)
        out.say(`No targets in ${targetsFile()}. Add one: ${commandName()} target add NAME --ssh HOST`);
      done(exit.fine);
    });
  json(target.command('add <name>'))
    .description('add a machine to your settings')
    .option('--ssh <host>', 'a host of your ssh configuration, or user@host')
    .option('--ray <address>', "a Ray cluster's dashboard, http://HOST:8265; with --ssh: as seen from there")
    .option('--token <reference>', 'the cluster\'s token, as a reference: "${secret:NAME}"')
    .option('--ssh-config <path>', 'another ssh configuration than your own')
    .option('--folder <path>', 'where jobs are kept there')
    .option('--node <path>', 'the Node there, if it is not on the PATH')
    .option('--engine-python <path>', "a Python there that has the torch engine's packages")
    .action((name: string, options: Record<string, string | undefined>) => {
      const out = terminal();
      addTarget(targetsFile(), name, targetOf(options));
      out.emit({ target: name, file: targetsFile() });
      out.say(`${name} is in ${targetsFile()}. See what it has: ${commandName()} target preflight ${name}`);
      done(exit.fine);
    });
  json(target.command('preflight [name]'))
    .description('what a machine has and lacks for training; this one where none is named')
    .addOption(
      new Option('--engine <kind>', 'tfjs, or torch, which is the default with --base').choices([
        'tfjs',
        'torch',
      ]),
    )
    .addOption(new Option('--method <kind>', 'lora or full').choices(['lora', 'full']))
    .option('--base <model>', 'the model that is to be trained')
    .action(async (name: string | undefined, options: Pick<Wanted, 'engine' | 'method' | 'base'>) => {
      const out = terminal();
      const findings = await preflight(name, { ...options, sent: besideHere(process.cwd(), options.base) });
      out.emit({ target: name ?? 'local', ok: passes(findings), findings });
      say(out, findings);
      done(passes(findings) ? exit.fine : exit.environment);
    });
  json(target.command('bring-node <name>'))
    .description("bring Node, from npm's packages, to a box that has none, and name it in your settings")
    .action(async (name: string) => {
      const out = terminal();
      const found = findTarget(targetsFile(), name);
      if (found.kind !== 'ssh')
        throw new Failure(
          'target.node',
          `${name} is a Ray cluster: install Node on each of its nodes, and name it under node: in targets.yaml.`,
          exit.usage,
        );
      const { version, path } = await bringNode(found);
      setNode(targetsFile(), name, path);
      out.emit({ target: name, version, path });
      out.say(`Node ${version} is at ${path} on ${found.host}, and named in ${targetsFile()}.`);
      done(exit.fine);
    });
  target
    .command('shell <name>')
    .description('open a shell there')
    .action((name: string) => {
      const target = findTarget(targetsFile(), name);
      const own = target.kind === 'ssh' ? target : target.ssh;
      if (!own)
        throw new Failure(
          'target.shell',
          `${name} is not reached through ssh, so there is no shell.`,
          exit.usage,
        );
      const args = sshArguments(own).filter((arg) => arg !== '-T' && arg !== '-oBatchMode=yes');
      done(spawnSync('ssh', ['-t', ...args], { stdio: 'inherit' }).status ?? exit.environment);
    });

  const jobs = root.command('jobs').description('training that runs on a target');
  json(jobs.command('list <target>'))
    .description('the jobs on a machine, each with its state')
    .action(async (name: string) => {
      const out = terminal();
      const host = await openHost(findTarget(targetsFile(), name));
      const found = await host.jobs().finally(() => host.close());
      out.emit({ target: name, jobs: found });
      for (const { name: job, state, step } of found)
        out.say(`${explainState(job, state)}${step ? ` Step ${step.at} of ${step.of}.` : ''}`);
      if (found.length === 0) out.say(`There is no job on ${name}.`);
      done(exit.fine);
    });
  const job = (
    what: string,
    description: string,
    act: (out: Terminal, job: BoxJob, caps: Caps, allowEnv: readonly string[]) => Promise<number>,
    flags: (command: Command) => Command = (command) => command,
  ): void => {
    flags(json(jobs.command(`${what} <job>`)))
      .description(description)
      .option('--target <name>', 'the target it runs on')
      .action(async (name: string, { target: on, allowEnv = [], ...given }: JobFlags) => {
        const own = await openJob(name, on);
        done(await act(terminal(), own, capsAmong(given), allowEnv).finally(() => own.host.close()));
      });
  };
  job('attach', "replay a job's log, go on live, and fetch the results", (out, own) => attachJob(out, own));
  job('cancel', 'stop a job; what it logged is kept', async (out, own) => {
    const { host, name } = own;
    await mustBeThere(own);
    const state = await host.cancel(name);
    out.emit({ job: name, state });
    out.say(state.is === 'cancelled' ? `${name} is stopped.` : explainState(name, asSent(own, state)));
    return exit.fine;
  });
  job('fetch', 'bring the log and the weights here, with their hashes verified', async (out, own) => {
    await mustBeThere(own);
    await fetchJob(out, own);
    return exit.fine;
  });
  job(
    'resume',
    'start a job again where it stopped',
    async (out, own, caps, allowEnv) => {
      await resumeJob(out, own, caps, allowEnv);
      return attachJob(out, own);
    },
    (command) =>
      capFlags(command).option(
        '--allow-env <names>',
        'environment variables the workflow may read, besides those it was started with',
        list,
      ),
  );
  job('remove', "remove a job's files there", async (out, own) => {
    await removeJob(out, own);
    return exit.fine;
  });
}

async function openJob(name: string, on: string | undefined): Promise<BoxJob> {
  const folder = homeOf(name);
  const target = on ?? readNote(folder, name)?.target;
  if (target === undefined)
    throw new Failure(
      'job.unknown',
      `No job ${name} was sent from this folder or another one of this machine; say where it runs: --target NAME`,
      exit.usage,
    );
  const own = findTarget(targetsFile(), target);
  return { host: await openHost(own), kind: own.kind, name, folder };
}

/** A base that is named by its path from a folder on, which is sent there: where it lies here. */
export function besideHere(folder: string, base: string | undefined): string | undefined {
  const beside = base !== undefined && !isAbsolute(base) && !base.split('/').includes('..');
  return beside ? join(folder, base) : undefined;
}

/** Findings for a target, or for this machine. */
export async function preflight(name: string | undefined, wanted: Wanted): Promise<Finding[]> {
  const source = torchSource();
  if (name === undefined) {
    const place = { cache: cacheFolder(), source };
    const made = readyPython(place) ?? readyPython({ ...place, dev: true });
    const own = wanted.ready === 'own' || process.env.BATON_TORCH_PYTHON !== undefined;
    const ready = own ? 'own' : made === null ? undefined : 'made';
    return assess(probeHere(cacheFolder(), process.cwd()), { ...wanted, ready });
  }
  const target = findTarget(targetsFile(), name);
  const environment = readyMarker({ cache: `${cacheThere}/baton`, source });
  const asked = { base: askedThere(wanted.base), environment };
  if (target.kind === 'ray') {
    const cluster = await openCluster(target);
    try {
      return await clusterFindings(cluster.client, target, await cluster.probe(asked), wanted);
    } finally {
      await cluster.close();
    }
  }
  const { placement, engine_python: own } = target;
  const facts = await probeThere(target, asked);
  const made = facts.environment === 'yes' ? 'made' : undefined;
  const ready = own !== undefined ? 'own' : (wanted.ready ?? made);
  const sent = placement === 'there' ? wanted.sent : undefined;
  return assess(facts, { ...wanted, sent, placement, ready });
}

/** A target from the options of `target add`. */
function targetOf(options: Record<string, string | undefined>): TargetInput {
  const { ssh, sshConfig: config, ray, token, folder, node, enginePython: engine_python } = options;
  const given = (of: object) => Object.fromEntries(Object.entries(of).filter(([, value]) => value));
  const there = given({ folder, node, engine_python });
  if (ray)
    return {
      kind: 'ray',
      address: ray,
      ...given({ token }),
      ...(ssh ? { ssh: { host: ssh, ...given({ config }) } } : {}),
      ...there,
    };
  if (!ssh) throw new Failure('target.where', 'Say where it is: --ssh HOST, or --ray ADDRESS.', exit.usage);
  return { kind: 'ssh', host: ssh, ...given({ config }), ...there };
}

export function say(out: Terminal, findings: readonly Finding[]): void {
  for (const { what, works, needed, why, todo } of findings) {
    out.say(`${works ? 'ok     ' : needed ? 'MISSING' : '-      '} ${what}: ${why}`);
    for (const line of todo) out.say(`          ${line}`);
  }
}
