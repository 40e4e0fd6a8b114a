// Runs one prepared command line to its end: streams, time, output, disk and memory limits. Shared by the providers.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { capture } from './capture.js';
import { tooFull, walk } from './disk.js';
import { type Heard, listen } from './job.js';
import { judge, type OwnKill } from './outcome.js';
import type { TreeSample } from './tree.js';
import type { Command, Finished } from './types.js';

export interface Plan {
  file: string;
  args: string[];
  env: Record<string, string>;
  cwd?: string;
  /** Sent on descriptor 3; undefined where the launcher reads it from a file. */
  job?: Buffer;
  /** Host descriptors passed on from 5 up. */
  descriptors: number[];
  /** Descriptor 4 tells, in bubblewrap's JSON, the host pid of the namespace's first process. */
  status: boolean;
  command: Command;
  /** Ends it as the command's own signal does: the sandbox is being closed. */
  stop: AbortSignal;
  /** As root: the user that everything in the workspace is handed to first. */
  owner?: number | undefined;
  /** Memory and processes now, where no cgroup counts them. `first` is the outermost pid of the tree. */
  sample?: (first: number) => TreeSample | Promise<TreeSample>;
  /** Ends the whole tree. */
  kill: (child: ChildProcess, first: number | undefined) => void;
  /** Counters after the end. */
  count?: () => Promise<{ oomKills: number; peakBytes: number | null }>;
}

export class SandboxFailure extends Error {
  override name = 'SandboxFailure';
}

/** How many times the kept output a command may write before it is ended. */
const outputFactor = 16;
/** Milliseconds between two looks at disk and memory; a look may take at most a quarter of the time. */
const lookEvery = 25;
/** Milliseconds for the last output to arrive after the end; then whoever still holds the pipes open is left. */
const lastWords = 250;

/** A namespace's first process ends only after all others in it have; from then on it is gone, or a zombie for init. */
function ended(pid: number): boolean {
  try {
    return /^\d+ \(.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

async function gone(pid: number | undefined): Promise<void> {
  if (pid === undefined || process.platform !== 'linux') return;
  for (let waited = 0; waited < 2000 && !ended(pid); waited += 1) await pause(1);
}

/** A process that left the group, where no namespace ends it, may hold our pipes for as long as it runs. */
function letGo(child: ChildProcess): void {
  for (const stream of child.stdio) stream?.destroy();
}

/** @throws SandboxFailure when the launcher never came to confine itself: then nothing of the program ran. */
export async function execute(plan: Plan): Promise<Finished> {
  const { command } = plan;
  const { limits } = command;
  // Each is listened to: a signal made of several would be collected where one of them is a timeout's.
  const signals = [plan.stop, ...(command.signal === undefined ? [] : [command.signal])];
  if (signals.some(({ aborted }) => aborted))
    throw new SandboxFailure('The command was cancelled before it started.');
  const began = performance.now();
  const before = walk(command.workspace, { owner: plan.owner, mend: !command.readOnly });
  const child = spawn(plan.file, plan.args, {
    env: plan.env,
    ...(plan.cwd === undefined ? {} : { cwd: plan.cwd }),
    stdio: [
      command.stdin === undefined ? 'ignore' : 'pipe',
      'pipe',
      'pipe',
      plan.job === undefined ? 'ignore' : 'pipe',
      plan.status ? 'pipe' : 'ignore',
      ...plan.descriptors,
    ],
    // An own process group, so that a terminal's Ctrl-C reaches us and not the programs.
    detached: true,
  });

  let first = plan.status ? undefined : child.pid;
  let ownKill: OwnKill | null = null;
  let peak: number | null = null;
  let over = false;
  const end = (why: OwnKill): void => {
    if (over) return;
    ownKill ??= why;
    plan.kill(child, first);
  };

  const streams = [capture(limits.outputKb * 1024), capture(limits.outputKb * 1024)] as const;
  [child.stdout, child.stderr].forEach((stream, at) => {
    stream?.on('data', (chunk: Buffer) => {
      const into = streams[at];
      if (into === undefined || into.bytes > limits.outputKb * 1024 * outputFactor) return;
      into.add(chunk);
      if (into.bytes > limits.outputKb * 1024 * outputFactor) end('output limit');
    });
    stream?.on('error', () => {});
  });
  const hearing = listen();
  const line = child.stdio[3] as Duplex | null;
  line?.on('data', (chunk: Buffer) => hearing.add(chunk)).on('error', () => {});
  if (plan.job !== undefined) line?.write(plan.job);
  (child.stdio[4] as Readable | null)
    ?.on('data', (chunk: Buffer) => {
      first ??= Number(/"child-pid": (\d+)/.exec(chunk.toString())?.[1] ?? Number.NaN) || undefined;
    })
    .on('error', () => {});
  child.stdin?.on('error', () => {});
  if (command.stdin !== undefined) child.stdin?.end(command.stdin);

  const full = (): boolean => !command.readOnly && tooFull(walk(command.workspace), before, limits.diskMb);
  const abort = (): void => end('killed');
  for (const signal of signals) signal.addEventListener('abort', abort, { once: true });
  const clock = setTimeout(() => end('timeout'), limits.seconds * 1000);
  let looking: NodeJS.Timeout;
  let leaving: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const from = performance.now();
    if (full()) end('disk limit');
    // Until the launcher reports, the process may still stand in the host's root, whose `/tmp` is not the program's.
    const inside = plan.job === undefined || hearing.heard().started;
    if (plan.sample !== undefined && first !== undefined && inside) {
      const sample = await plan.sample(first);
      peak = Math.max(peak ?? 0, sample.memoryBytes);
      if (sample.memoryBytes > limits.memoryMb * 1024 * 1024) end('oom');
      // Slightly above, because the launcher's own limit makes a fork fail first where the kernel counts per sandbox.
      if (sample.processes > limits.processes + 8) end('killed');
    }
    if (!over) looking = setTimeout(look, Math.max(lookEvery, 3 * (performance.now() - from)));
  };
  looking = setTimeout(look, lookEvery);

  const status = await new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new SandboxFailure(`${plan.file} does not start: ${error.message}`)),
    );
    // What the program left running dies with it; nothing waits for a daemon that holds the output open.
    child.once('exit', () => {
      plan.kill(child, first);
      leaving = setTimeout(() => setImmediate(() => letGo(child)), lastWords);
    });
    child.once('close', (code, name) => resolve({ code, signal: name }));
  }).finally(() => {
    over = true;
    clearTimeout(clock);
    clearTimeout(looking);
    clearTimeout(leaving);
    for (const signal of signals) signal.removeEventListener('abort', abort);
  });
  await gone(first);

  const heard: Heard = hearing.heard();
  const [stdout, stderr] = [streams[0].finish(), streams[1].finish()];
  if (plan.job !== undefined && !heard.started && ownKill === null)
    throw new SandboxFailure(
      `The sandbox did not start (status ${status.code ?? status.signal}): ${stderr.text.trim().slice(0, 500) || 'no message'}`,
    );
  const counted = (await plan.count?.()) ?? { oomKills: 0, peakBytes: peak };
  const held = walk(command.workspace);
  const seconds = (performance.now() - began) / 1000;
  return {
    ...judge({
      ...status,
      ownKill,
      oomKills: counted.oomKills,
      diskFull: !command.readOnly && tooFull(held, before, limits.diskMb),
      reported: heard.ended,
    }),
    stdout,
    stderr,
    used: {
      seconds,
      cpuSeconds: heard.cpuSeconds,
      memoryMb: counted.peakBytes === null ? null : counted.peakBytes / 1024 / 1024,
      diskMb: held.bytes / 1024 / 1024,
    },
    reads: heard.reads,
  };
}
