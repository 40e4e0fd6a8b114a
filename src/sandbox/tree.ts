// Looks at a running process tree from outside: who is in it, how much memory it holds. For places without cgroups.
import { execFile } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { promisify } from 'node:util';

export interface TreeSample {
  processes: number;
  memoryBytes: number;
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}

/** All descendants of `pid`, itself included. In a pid namespace orphans return to its first process, so none is missed. */
export function descendants(pid: number): number[] {
  const found: number[] = [pid];
  for (let at = 0; at < found.length && found.length < 4096; at++) {
    const each = found[at];
    for (const child of readOr(`/proc/${each}/task/${each}/children`, '').split(' '))
      if (child !== '') found.push(Number(child));
  }
  return found;
}

function kilobytes(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

function tmpfsBytes(path: string): number {
  try {
    const { blocks, bfree, bsize } = statfsSync(path);
    return (blocks - bfree) * bsize;
  } catch {
    return 0;
  }
}

/**
 * Memory of the tree under `first`, in bytes. The cheap sum counts a page that a fork shares once per process, so
 * only when it passes `limitBytes` is the exact proportional sum read. `ownMounts`: /tmp and /dev/shm are the tree's
 * own, in memory; elsewhere they are the host's and say nothing about it.
 */
export function sampleLinux(first: number, limitBytes: number, ownMounts: boolean): TreeSample {
  const pids = descendants(first);
  const held = ownMounts
    ? tmpfsBytes(`/proc/${first}/root/tmp`) + tmpfsBytes(`/proc/${first}/root/dev/shm`)
    : 0;
  let quick = held;
  for (const pid of pids) quick += kilobytes(readOr(`/proc/${pid}/status`, ''), 'RssAnon') * 1024;
  if (quick <= limitBytes) return { processes: pids.length, memoryBytes: quick };
  let exact = held;
  for (const pid of pids) {
    const rollup = readOr(`/proc/${pid}/smaps_rollup`, '');
    exact +=
      kilobytes(
        rollup === '' ? readOr(`/proc/${pid}/status`, '') : rollup,
        rollup === '' ? 'RssAnon' : 'Pss_Anon',
      ) * 1024;
  }
  return { processes: pids.length, memoryBytes: exact };
}

/** The same for a process group where there is no `/proc` (macOS): resident memory as `ps` tells it. */
export async function sampleGroup(group: number): Promise<TreeSample> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pgid=,rss=']).catch(() => ({ stdout: '' }));
  let processes = 0;
  let memoryBytes = 0;
  for (const line of stdout.split('\n')) {
    const [pgid, rss] = line.trim().split(/\s+/).map(Number);
    if (pgid !== group) continue;
    processes += 1;
    memoryBytes += (rss ?? 0) * 1024;
  }
  return { processes, memoryBytes };
}
