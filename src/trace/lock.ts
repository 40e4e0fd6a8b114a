import { execFileSync } from 'node:child_process';
import { closeSync, lstatSync, openSync, readFileSync, readlinkSync, renameSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { writeOwn } from './own-file.js';

interface Owner {
  pid: number;
  started: string;
  host: string;
  /** What keeps its name where the host does not: "machine-id boot-id namespace-of-processes", on Linux. */
  place?: string | undefined;
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
  const own: Owner = {
    pid: process.pid,
    started: processStart(process.pid) ?? '',
    host: hostname(),
    place: placeHere(),
  };
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
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) continue;
    // A link, or a time to come, is of nobody who waits his turn: run folders come from other people too.
    if (!found.isFile() || Math.abs(Date.now() - found.mtimeMs) > TAKING_MS)
      rmSync(path, { force: true, recursive: true });
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
      throw new Error(`${path} is not let go of by ${holderWords(taken.heldBy, path)}.`);
  }
}

/** Who holds the lock now; undefined where nobody alive does. */
export function lockOwner(path: string): Owner | undefined {
  const owner = readOwner(path);
  return owner && isAlive(owner) ? owner : undefined;
}

function readOwner(path: string): Owner | undefined {
  try {
    const { pid, started, host, place } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Owner>;
    return typeof pid === 'number' && typeof started === 'string'
      ? { pid, started, host: String(host), place: place === undefined ? place : String(place) }
      : undefined;
  } catch {
    return undefined;
  }
}

/** A process id alone says nothing: it may have been given to another process since. */
function isAlive(owner: Owner): boolean {
  if (isHere(owner)) return processStart(owner.pid) === owner.started;
  const [[machine, boot], [own, ownBoot]] = [partsOf(owner.place), partsOf(placeHere())];
  // This machine, before it was started anew under another name. Of other machines nothing is known.
  const before = machine !== '' && machine === own && boot !== ownBoot;
  return !before;
}

/** Whether the process of a lock is one that can be seen here; a host's name may change while it runs. */
export function isHere({ host, place }: Pick<Owner, 'host' | 'place'>): boolean {
  return host === hostname() || (place !== undefined && place === placeHere());
}

/** Who holds a lock, and what to do where it is not known here whether that still lives. */
export function holderWords(owner: Owner, path: string): string {
  const who = `process ${owner.pid} on ${owner.host}`;
  return isHere(owner) ? who : `${who} (where that machine is gone for good, remove ${path})`;
}

function partsOf(place = ''): [machine: string, boot: string] {
  const [machine = '', boot = ''] = place.split(' ');
  return [machine, boot];
}

function placeHere(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${machineId()} ${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/** Nothing in most containers. */
function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    return '';
  }
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
