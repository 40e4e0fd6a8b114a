// Docker or Podman: for hosts without bubblewrap. The job lies in a read-only file, since containers pass no descriptor.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { needLimits } from './counted.js';
import { stopAll } from './direct.js';
import { execute } from './execute.js';
import { job } from './job.js';
import { moduleFolder } from './mounts.js';
import { launcherPath, type Private } from './private.js';
import { readableCopies } from './readable.js';
import { seccompFilter } from './seccomp.js';
import type { Command, Finished, Sandbox } from './types.js';

export interface ContainerOptions {
  tool: 'docker' | 'podman';
  image: string;
  folder: Private;
}

const nobody = 65534;

/** Prints the version of the image's Python, its machine as Node names it (none for a 32-bit one), and its folders. */
const probe = `import os, sys
machine = {"x86_64": "x64", "aarch64": "arm64"}.get(os.uname().machine) if sys.maxsize > 2**32 else None
print(sys.version.split()[0], machine, *filter(None, sys.path), sep="\\n")`;

/** Host folders as the container is shown them. */
export interface Shown {
  job: string;
  launcher: string;
  workspace: string;
  inputs?: string | undefined;
  modules: { folder: string; at: string }[];
}

/** The arguments of `run`. Pure. Volumes use `--mount`, whose fields cannot be confused by a colon in a path. */
export function containerArguments(
  options: { tool: 'docker' | 'podman'; image: string; name: string; user: string; asRoot: boolean },
  shown: Shown,
  { limits, readOnly }: Pick<Command, 'limits' | 'readOnly'>,
): string[] {
  const bind = (from: string, to: string, writable = false): string[] => {
    if (from.includes(',') || from.includes('"'))
      throw new Error(
        `${from} holds a comma or a quote, which ${options.tool} cannot mount; rename the folder.`,
      );
    return ['--mount', `type=bind,source=${from},target=${to}${writable ? '' : ',readonly'}`];
  };
  return [
    ...['run', '--name', options.name, '--interactive', '--network', 'none', '--read-only'],
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--user', options.user],
    ...[
      '--pids-limit',
      String(limits.processes),
      '--memory',
      `${limits.memoryMb}m`,
      '--memory-swap',
      `${limits.memoryMb}m`,
    ],
    ...[
      '--tmpfs',
      `/tmp:rw,nosuid,nodev,size=${limits.diskMb}m,mode=1777`,
      '--shm-size',
      `${limits.memoryMb}m`,
    ],
    ...['--log-driver', 'none', '--hostname', 'sandbox', '--init', '--pull', 'never', '--workdir', '/'],
    // Files that the program makes belong to the user outside; root's Podman has no such mapping and needs none.
    ...(options.tool === 'podman' && !options.asRoot ? ['--userns', 'keep-id'] : []),
    ...(options.tool === 'podman' ? ['--passwd=false'] : []),
    ...bind(shown.launcher, '/run/baton'),
    ...bind(shown.job, '/run/job'),
    ...(shown.inputs === undefined ? [] : bind(shown.inputs, '/inputs')),
    ...shown.modules.flatMap(({ folder, at }) => bind(folder, at)),
    ...bind(shown.workspace, '/work', readOnly !== true),
    ...['--entrypoint', 'python3', options.image, '-I', '-S', '-B', '/run/baton/launcher.py', '/run/job/job'],
  ];
}

export async function openContainer(options: ContainerOptions): Promise<Sandbox> {
  const { tool, image, folder } = options;
  await needLimits(tool);
  const asked = await promisify(execFile)(
    tool,
    [
      'run',
      '--rm',
      '--network',
      'none',
      '--pull',
      'never',
      '--entrypoint',
      'python3',
      image,
      '-I',
      '-c',
      probe,
    ],
    { timeout: 60_000 },
  );
  const [version = '', machine = '', ...path] = asked.stdout.trim().split('\n');
  // The tools' own filters differ, and Podman's lets a program reach a virtual machine's host.
  const filter = seccompFilter(machine)?.toString('hex');
  const interpreter = { executable: 'python3', version, folders: [], path };
  const running = new Set<AbortController>();
  // Root's containers run as nobody, who may open neither root's folders nor its files: as with bubblewrap.
  const asRoot = process.getuid?.() === 0;
  const user = [process.getuid?.(), process.getgid?.()].map((id) => id || nobody).join(':');
  const readable = readableCopies(folder, asRoot);
  let count = 0;

  async function run(command: Command): Promise<Finished> {
    const name = `baton-${process.pid}-${folder.id}-${count++}`;
    const modules = (command.modules ?? []).map((each) => resolve(each));
    const shown: Shown = {
      job: join(folder.path, name),
      launcher: readable(launcherPath()),
      workspace: resolve(command.workspace),
      inputs: command.inputs && readable(resolve(command.inputs)),
      modules: modules.map((each) => ({ folder: readable(each), at: moduleFolder(each) })),
    };
    await mkdir(shown.job);
    await chmod(shown.job, 0o755);
    const more = { report: 'no', processes: '-1', ...(filter === undefined ? {} : { seccomp: filter }) };
    const text = job(command, interpreter, more, modules.map(moduleFolder));
    await writeFile(join(shown.job, 'job'), text);
    await chmod(join(shown.job, 'job'), 0o644);
    const stop = new AbortController();
    running.add(stop);
    try {
      return await execute({
        file: tool,
        args: containerArguments({ tool, image, name, user, asRoot }, shown, command),
        // The client's own: it finds its service by them, as every other call of it does. None of it enters the container.
        env: process.env as Record<string, string>,
        cwd: shown.job,
        descriptors: [],
        status: false,
        owner: asRoot ? nobody : undefined,
        command,
        stop: stop.signal,
        // Ending the client leaves the container running; ending the container ends the client.
        kill: () => void execFile(tool, ['kill', name], () => {}),
        async count() {
          const state = await promisify(execFile)(tool, [
            'inspect',
            '--format',
            '{{.State.OOMKilled}}',
            name,
          ]).catch(() => ({ stdout: '' }));
          // With the first version of cgroups Podman's monitor leaves the kernel's word in the folder it was started in.
          const oom = state.stdout.trim() === 'true' || existsSync(join(shown.job, 'oom'));
          return { oomKills: oom ? 1 : 0, peakBytes: null };
        },
      });
    } finally {
      running.delete(stop);
      await promisify(execFile)(tool, ['rm', '--force', name]).catch(() => {});
      await rm(shown.job, { recursive: true, force: true });
    }
  }

  return {
    level: tool,
    describe: () =>
      `${tool} with image ${image}, no network, memory and processes counted by the container's cgroup`,
    run,
    async close() {
      await stopAll(running);
      await folder.remove();
    },
  };
}
