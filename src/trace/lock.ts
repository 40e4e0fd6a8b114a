import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { writeOwn } from './own-file.js';

interface Owner {
  pid: number;
  started: string;
  host: string;
}

/** Who holds a run for writing. Everybody else may read. */
export interface Lock {
  release(): void;
}

/** Longer than anybody takes to look and to write one small file: who still has it then was killed in it. */
const TAKING_MS = 5000;

/**
 * Take the write lock of a run, or say who has it. A lock whose process is gone is taken over. Those who take one at
 * the same time look and write one after the other: two who both saw a dead owner would both take over.
 */
export function takeLock(path: string): { lock: Lock } | { heldBy: Owner } {
  const own: Owner = { pid: process.pid, started: processStart(process.pid) ?? '', host: hostname() };
  return exclusively(path, () => {
    const owner = lockOwner(path);
    if (owner) return { heldBy: owner };
    // Whole at once, so that nobody reads half of it.
    const whole = `${path}.${process.pid}`;
    writeOwn(whole, JSON.stringify(own));
    renameSync(whole, path);
    return { lock: { release: () => rmSync(path, { force: true }) } };
  });
}

/**
 * Read and write a small file while no other process does: it waits in place for who does. The file's folder must be
 * there.
 */
export function exclusively<T>(path: string, work: () => T): T {
  const taking = `${path}.taking`;
  enter(taking);
  try {
    return work();
  } finally {
    rmSync(taking, { force: true });
  }
}

function enter(path: string): void {
  for (;;) {
    try {
      closeSync(openSync(path, 'wx', 0o600));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const since = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - since > TAKING_MS) rmSync(path, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

/** Do something while nobody else does it: who holds the lock is waited for, `patience` ms at most. */
export async function withLock<T>(path: string, work: () => Promise<T>, patience = TAKING_MS): Promise<T> {
  for (const until = Date.now() + patience; ; await setTimeout(10)) {
    const taken = takeLock(path);
    if ('lock' in taken)
      try {
        return await work();
      } finally {
        taken.lock.release();
      }
    if (Date.now() > until)
      throw new Error(`Process ${taken.heldBy.pid} on ${taken.heldBy.host} does not let go of ${path}.`);
  }
}

/** Who holds the lock now; undefined where nobody alive does. */
export function lockOwner(path: string): Owner | undefined {
  const owner = readOwner(path);
  return owner && isAlive(owner) ? owner : undefined;
}

function readOwner(path: string): Owner | undefined {
  try {
    const raw = JSON.parse(readFileSync(path, 'utf8')) as Partial<Owner>;
    return typeof raw.pid === 'number' && typeof raw.started === 'string'
      ? { pid: raw.pid, started: raw.started, host: String(raw.host) }
      : undefined;
  } catch {
    return undefined;
  }
}

/** A process id alone says nothing: it may have been given to another process since. */
function isAlive(owner: Owner): boolean {
  if (owner.host !== hostname()) return true;
  return processStart(owner.pid) === owner.started;
}

/** When a process started, as its system tells it; undefined where there is no such process. */
export function processStart(pid: number): string | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
    }
    if (process.platform === 'win32') {
      process.kill(pid, 0);
      return '';
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
