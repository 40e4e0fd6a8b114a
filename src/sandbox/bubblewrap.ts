// Linux: namespaces through bubblewrap. As root each concurrent command gets a user id of its own, without a user
// namespace; as an ordinary user a user namespace that allows no further one.
import { closeSync, existsSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Cgroup, type CgroupPlace, findCgroups } from './cgroup.js';
import { type CompiledModules, compiledAt, compiledModules } from './compiled.js';
import { execute, type Plan } from './execute.js';
import type { Interpreter } from './interpreter.js';
import { job } from './job.js';
import { type Bound, launcherFolder, moduleFolder, ownMounts, systemMounts } from './mounts.js';
import { ownerMark } from './owner.js';
import { findProgram, launcherPath, type Private } from './private.js';
import { readableCopies } from './readable.js';
import { seccompFilter } from './seccomp.js';
import { sampleLinux } from './tree.js';
import type { Command, Finished, Sandbox } from './types.js';

export interface BubblewrapOptions {
  interpreter: Interpreter;
  folder: Private;
  /** Chosen by whether we are root; settable so that a probe can try the other. */
  asRoot: boolean;
  /** False: count by watching the tree, even where cgroups work. */
  cgroups?: boolean;
}

interface Slot {
  uid: number;
  cgroup: Cgroup | undefined;
}

/** Unique among the machine's live processes (pid_max is at most 4,194,304), and far from any real user. */
const firstUid = 1_000_000_000 + process.pid * 256;
const slotLimit = 256;
/** Mebibytes one process may grow past the limit between two looks of the watcher, where no cgroup stops it. */
const overshoot = 4096;

const namespaces = [
  '--unshare-ipc',
  '--unshare-pid',
  '--unshare-net',
  '--unshare-uts',
  '--unshare-cgroup-try',
];
const always = ['--die-with-parent', '--new-session', '--hostname', 'sandbox'];

export async function openBubblewrap(options: BubblewrapOptions): Promise<Sandbox> {
  const { interpreter, folder, asRoot } = options;
  const program = findProgram('bwrap');
  const place = options.cgroups === false ? undefined : findCgroups();
  const filterFile = join(folder.path, 'filter.bpf');
  const filter = seccompFilter();
  if (filter !== undefined) await writeFile(filterFile, filter, { mode: 0o600 });
  const system = systemMounts(interpreter);
  const readable = readableCopies(folder, asRoot);
  const free: Slot[] = [];
  const running = new Set<AbortController>();
  const mark = ownerMark();
  let slots = 0;
  let closed = false;

  const take = (): Slot => {
    const spare = free.pop();
    if (spare !== undefined) return spare;
    if (slots >= slotLimit) throw new Error(`More than ${slotLimit} commands at once; run fewer.`);
    const at = slots++;
    return { uid: firstUid + at, cgroup: place?.create(`baton-${mark}-${at}-${folder.id}`) };
  };

  const compiled: CompiledModules = compiledModules(folder, (command) => run(command, []));
  // Its source until the first command, which compiles it.
  let launcher = `${launcherFolder}/launcher.py`;
  let compiling: Promise<void> | undefined;
  async function compileLauncher(): Promise<void> {
    await compiled.ready([launcherPath()]);
    if (existsSync(compiled.at(launcherPath(), 'launcher')))
      launcher = `${compiledAt(launcherPath())}/launcher.pyc`;
  }

  async function run(command: Command, modules: string[]): Promise<Finished> {
    if (closed) throw new Error('The sandbox is closed.');
    const bound: Bound = {
      workspace: resolve(command.workspace),
      readOnly: command.readOnly,
      inputs: command.inputs === undefined ? undefined : readable(resolve(command.inputs)),
      modules: modules.map((each) => ({ at: moduleFolder(each), folder: readable(each) })),
      compiled: compiled.folder,
      launcher: readable(launcherPath()),
    };
    const slot = take();
    const stop = new AbortController();
    running.add(stop);
    let filterFd: number | undefined;
    try {
      slot.cgroup?.prepare(command.limits);
      if (place !== undefined && slot.cgroup !== undefined) warm(place);
      // Opened anew each time: bubblewrap reads from where the descriptor stands.
      filterFd = filter === undefined ? undefined : openSync(filterFile, 'r');
      const descriptors = [...(filterFd === undefined ? [] : [filterFd]), ...(slot.cgroup?.joins ?? [])];
      const joinsFrom = filterFd === undefined ? 5 : 6;
      const plan: Plan = {
        file: program,
        args: [
          ...(asRoot
            ? [...namespaces, '--cap-drop', 'ALL', '--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID']
            : ['--unshare-user', '--disable-userns', '--uid', '65534', '--gid', '65534', ...namespaces]),
          ...(asRoot ? [] : ['--cap-drop', 'ALL']),
          ...always,
          ...system,
          ...ownMounts(bound, command.limits),
          ...(filterFd === undefined ? [] : ['--seccomp', '5']),
          '--json-status-fd',
          '4',
          interpreter.executable,
          '-I',
          '-S',
          '-B',
          launcher,
        ],
        // The first process inside shows its environment to all others in `/proc/1/environ`.
        env: {},
        job: job(
          command,
          interpreter,
          {
            ...(asRoot ? { uid: String(slot.uid) } : {}),
            ...(slot.cgroup === undefined
              ? { data_bytes: String((command.limits.memoryMb + overshoot) * 1024 * 1024) }
              : { cgroups: slot.cgroup.joins.map((_, at) => joinsFrom + at).join(' ') }),
          },
          modules.flatMap((each) => [compiledAt(each), moduleFolder(each)]),
        ),
        descriptors,
        status: true,
        command: { ...command, workspace: bound.workspace },
        stop: stop.signal,
        owner: asRoot ? slot.uid : undefined,
        kill(child, first) {
          if (first !== undefined) tryKill(first);
          child.kill('SIGKILL');
        },
      };
      const group = slot.cgroup;
      if (group === undefined)
        plan.sample = (first) => sampleLinux(first, command.limits.memoryMb * 1024 * 1024, true);
      else plan.count = async () => group.counted();
      return await execute(plan);
    } finally {
      if (filterFd !== undefined) closeSync(filterFd);
      running.delete(stop);
      free.push(slot);
    }
  }

  return {
    level: 'bubblewrap',
    describe: () =>
      `bubblewrap ${asRoot ? 'as root, a user id per command' : 'in a user namespace'}; memory and processes ${
        place === undefined ? 'watched from outside' : `counted by cgroup version ${place.version}`
      }; Python ${interpreter.version}`,
    async run(command) {
      const modules = (command.modules ?? []).map((each) => resolve(each));
      compiling ??= compileLauncher();
      await compiling;
      await compiled.ready(modules);
      return run(command, modules);
    },
    async close() {
      closed = true;
      for (const each of running) each.abort();
      while (running.size > 0) await new Promise((done) => setImmediate(done));
      for (const slot of free.splice(0)) slot.cgroup?.remove();
      await folder.remove();
    },
  };
}

function warm(place: CgroupPlace): void {
  // Fails harmlessly where the own cgroup is not ours to write.
  writeFile(place.warm.file, '0').catch(() => {});
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}
