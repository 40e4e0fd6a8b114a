// Docker or Podman: for hosts without bubblewrap. The job lies in a read-only file, since containers pass no descriptor.
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stopAll } from './direct.js';
import { execute } from './execute.js';
import { job } from './job.js';
import { moduleFolder } from './mounts.js';
import { launcherPath, type Private } from './private.js';
import type { Command, Finished, Sandbox } from './types.js';

export interface ContainerOptions {
  tool: 'docker' | 'podman';
  image: string;
  folder: Private;
}

/** The arguments of `run`. Pure. Volumes use `--mount`, whose fields cannot be confused by a colon in a path. */
export function containerArguments(
  options: { tool: 'docker' | 'podman'; image: string; name: string; jobFolder: string; launcher: string },
  command: Command,
  user: string,
): string[] {
  const { limits } = command;
  const bind = (from: string, to: string, writable = false): string[] => {
    if (from.includes(',') || from.includes('"'))
      throw new Error(
        `${from} holds a comma or a quote, which ${options.tool} cannot mount; rename the folder.`,
      );
    return ['--mount', `type=bind,source=${from},target=${to}${writable ? '' : ',readonly'}`];
  };
  return [
    ...['run', '--name', options.name, '--interactive', '--network', 'none', '--read-only'],
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--user', user],
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
    ...(options.tool === 'podman' ? ['--userns', 'keep-id'] : []),
    ...bind(options.launcher, '/run/baton'),
    ...bind(options.jobFolder, '/run/job'),
    ...(command.inputs === undefined ? [] : bind(command.inputs, '/inputs')),
    ...(command.modules ?? []).flatMap((folder) => bind(folder, moduleFolder(folder))),
    ...bind(command.workspace, '/work', command.readOnly !== true),
    ...['--entrypoint', 'python3', options.image, '-I', '-S', '-B', '/run/baton/launcher.py', '/run/job/job'],
  ];
}

export async function openContainer(options: ContainerOptions): Promise<Sandbox> {
  const { tool, image, folder } = options;
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
      'import sys; print(sys.version.split()[0]); print("\\n".join(p for p in sys.path if p))',
    ],
    { timeout: 60_000 },
  );
  const [version = '', ...path] = asked.stdout.trim().split('\n');
  const interpreter = { executable: 'python3', version, folders: [], path };
  const running = new Set<AbortController>();
  let count = 0;

  async function run(command: Command): Promise<Finished> {
    const name = `baton-${process.pid}-${folder.id}-${count++}`;
    const jobFolder = join(folder.path, name);
    await mkdir(jobFolder, { mode: 0o755 });
    await writeFile(
      join(jobFolder, 'job'),
      job(command, interpreter, { report: 'no', processes: '-1' }, (command.modules ?? []).map(moduleFolder)),
      { mode: 0o644 },
    );
    const stop = new AbortController();
    running.add(stop);
    const user = `${process.getuid?.() || 65534}:${process.getgid?.() || 65534}`;
    try {
      return await execute({
        file: tool,
        args: containerArguments({ tool, image, name, jobFolder, launcher: launcherPath() }, command, user),
        env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' },
        descriptors: [],
        status: false,
        command: {
          ...command,
          signal: command.signal === undefined ? stop.signal : AbortSignal.any([command.signal, stop.signal]),
        },
        // Ending the client leaves the container running; ending the container ends the client.
        kill: () => void execFile(tool, ['kill', name], () => {}),
        async count() {
          const state = await promisify(execFile)(tool, [
            'inspect',
            '--format',
            '{{.State.OOMKilled}}',
            name,
          ]).catch(() => ({ stdout: '' }));
          return { oomKills: state.stdout.trim() === 'true' ? 1 : 0, peakBytes: null };
        },
      });
    } finally {
      running.delete(stop);
      await promisify(execFile)(tool, ['rm', '--force', name]).catch(() => {});
      await rm(jobFolder, { recursive: true, force: true });
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
