// No isolation at all: only by explicit opt-out, and the log says so. Limits are watched from outside.
import { execute } from './execute.js';
import { family } from './family.js';
import type { Interpreter } from './interpreter.js';
import { job } from './job.js';
import { launcherPath } from './private.js';
import { sampleGroup, sampleLinux } from './tree.js';
import type { Command, Sandbox } from './types.js';

export interface Wrapped {
  file: string;
  args: string[];
}

/** Ends a process group: the programs of this level share no namespace that would end with them. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/**
 * Runs the launcher without mounts: `/work` and `/inputs` are translated by the launcher instead. `wrap` puts a
 * confining command around the interpreter, if there is one.
 */
export function withoutMounts(
  interpreter: Interpreter,
  command: Command,
  running: Set<AbortController>,
  wrap: (argv: string[]) => Wrapped,
): ReturnType<typeof execute> {
  const stop = new AbortController();
  running.add(stop);
  const launcher = `${launcherPath()}/launcher.py`;
  const { file, args } = wrap([interpreter.executable, '-I', '-S', '-B', launcher]);
  const limit = command.limits.memoryMb * 1024 * 1024;
  const linux = process.platform === 'linux';
  const own = linux ? family() : null;
  return execute({
    file,
    args,
    cwd: command.workspace,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...own?.env },
    job: job(
      { ...command, env: { ...command.env, ...own?.env } },
      interpreter,
      {
        cwd: command.workspace,
        map_work: command.workspace,
        ...(command.inputs === undefined ? {} : { map_inputs: command.inputs }),
        // Counted per user here, so a limit would blame one program for another's processes.
        processes: '-1',
      },
      command.modules ?? [],
      { work: command.workspace, inputs: command.inputs },
    ),
    descriptors: [],
    status: false,
    command,
    stop: stop.signal,
    sample: (first) => {
      own?.look(first);
      return linux ? sampleLinux(first, limit, false) : sampleGroup(first);
    },
    kill: (child) => {
      killGroup(child.pid);
      own?.end(child.pid);
    },
  }).finally(() => running.delete(stop));
}

export async function stopAll(running: Set<AbortController>): Promise<void> {
  for (const each of running) each.abort();
  while (running.size > 0) await new Promise((done) => setImmediate(done));
}

/** What ends with a program, where nothing holds its processes together. */
const left =
  process.platform === 'linux'
    ? 'what they leave running is ended as far as parent, session or environment tell whose it is'
    : 'what they leave running in another process group goes on';

export function openDirect(interpreter: Interpreter): Sandbox {
  const running = new Set<AbortController>();
  return {
    level: 'none',
    describe: () =>
      `no sandbox: programs run as this user with this user's files and network; ${left}; Python ${interpreter.version}`,
    run: (command) =>
      withoutMounts(interpreter, command, running, ([file = '', ...args]) => ({ file, args })),
    close: () => stopAll(running),
  };
}
