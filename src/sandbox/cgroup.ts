// One cgroup per concurrent command, so that memory and processes are counted for its whole tree and for it alone.
// Version 1 and version 2; where neither can be used the caller falls back to watching the tree (`tree.ts`).
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ownerMark, sweepCgroups } from './owner.js';
import type { Limits } from './types.js';

const root = '/sys/fs/cgroup';

export interface Cgroup {
  /** Descriptors for `cgroup.procs`: a process that writes "0" to each moves itself in. */
  joins: number[];
  /** Sets limits and resets counters. */
  prepare(limits: Limits): void;
  /** How often the kernel killed for memory since `prepare`, and the peak in bytes (null: not counted). */
  counted(): { oomKills: number; peakBytes: number | null };
  /** Host pids inside now. */
  members(): number[];
  remove(): void;
}

export interface CgroupPlace {
  version: 1 | 2;
  /** The folders in which cgroups are made. */
  parents: string[];
  create(name: string): Cgroup;
  /**
   * Moves the own process to where it already is. The first move after a pause waits some 10 ms for the kernel's
   * read-copy-update grace period; started beside the spawn, that wait overlaps the interpreter's start.
   */
  warm: { file: string };
}

function read(file: string): string {
  return readFileSync(file, 'utf8');
}

function pids(folder: string): number[] {
  return read(join(folder, 'cgroup.procs')).split('\n').filter(Boolean).map(Number);
}

function field(file: string, name: string): number {
  const line = read(file)
    .split('\n')
    .find((each) => each.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}

/** The own cgroup's path per hierarchy, from `/proc/self/cgroup` lines like `4:memory:/a/b` and `0::/a/b`. */
export function parseOwn(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, ...path] = line.split(':');
    if (controllers === undefined) continue;
    for (const controller of controllers === '' ? ['unified'] : controllers.split(','))
      paths.set(controller, path.join(':'));
  }
  return paths;
}

function version1(own: Map<string, string>): CgroupPlace | undefined {
  const under = (controller: string): string | undefined => {
    const folder = join(root, controller, own.get(controller) ?? '/');
    if (existsSync(join(folder, 'cgroup.procs'))) return folder;
    return existsSync(join(root, controller, 'cgroup.procs')) ? join(root, controller) : undefined;
  };
  const memory = under('memory');
  const processes = under('pids');
  if (memory === undefined || processes === undefined) return undefined;
  return {
    version: 1,
    parents: [memory, processes],
    warm: { file: join(processes, 'cgroup.procs') },
    create(name) {
      const memoryFolder = join(memory, name);
      const pidsFolder = join(processes, name);
      mkdirSync(memoryFolder);
      mkdirSync(pidsFolder);
      let killsBefore = 0;
      const oom = join(memoryFolder, 'memory.oom_control');
      return {
        joins: [memoryFolder, pidsFolder].map((folder) => openSync(join(folder, 'cgroup.procs'), 'w')),
        prepare(limits) {
          const bytes = String(limits.memoryMb * 1024 * 1024);
          const both = join(memoryFolder, 'memory.memsw.limit_in_bytes');
          // Memory plus swap may never be below memory, so the order depends on which way the limit moves.
          const widen = existsSync(both) && Number(read(both)) < Number(bytes);
          if (widen) writeFileSync(both, bytes);
          writeFileSync(join(memoryFolder, 'memory.limit_in_bytes'), bytes);
          if (existsSync(both) && !widen) writeFileSync(both, bytes);
          writeFileSync(join(memoryFolder, 'memory.max_usage_in_bytes'), '0');
          writeFileSync(join(pidsFolder, 'pids.max'), String(limits.processes));
          killsBefore = field(oom, 'oom_kill');
        },
        counted: () => ({
          oomKills: field(oom, 'oom_kill') - killsBefore,
          peakBytes: Number(read(join(memoryFolder, 'memory.max_usage_in_bytes'))),
        }),
        members: () => pids(pidsFolder),
        remove() {
          for (const fd of this.joins) closeSync(fd);
          rmdirSync(memoryFolder);
          rmdirSync(pidsFolder);
        },
      };
    },
  };
}

function version2(own: Map<string, string>, mount: string): CgroupPlace | undefined {
  const path = own.get('unified');
  if (path === undefined) return undefined;
  // A cgroup with processes of its own may not hand controllers down, so ours is made beside the own one.
  const here = join(mount, path);
  const parent = path === '/' ? here : dirname(here);
  const controllers = join(parent, 'cgroup.subtree_control');
  if (!existsSync(controllers)) return undefined;
  const given = new Set(read(controllers).trim().split(' '));
  if (!given.has('memory') || !given.has('pids')) writeFileSync(controllers, '+memory +pids');
  return {
    version: 2,
    parents: [parent],
    warm: { file: join(here, 'cgroup.procs') },
    create(name) {
      const folder = join(parent, name);
      mkdirSync(folder);
      let killsBefore = 0;
      const events = join(folder, 'memory.events');
      const peak = join(folder, 'memory.peak');
      return {
        joins: [openSync(join(folder, 'cgroup.procs'), 'w')],
        prepare(limits) {
          writeFileSync(join(folder, 'memory.max'), String(limits.memoryMb * 1024 * 1024));
          const swap = join(folder, 'memory.swap.max');
          if (existsSync(swap)) writeFileSync(swap, '0');
          writeFileSync(join(folder, 'memory.oom.group'), '1');
          writeFileSync(join(folder, 'pids.max'), String(limits.processes));
          killsBefore = field(events, 'oom_kill');
        },
        counted: () => ({
          oomKills: field(events, 'oom_kill') - killsBefore,
          peakBytes: existsSync(peak) ? Number(read(peak)) : null,
        }),
        members: () => pids(folder),
        remove() {
          for (const fd of this.joins) closeSync(fd);
          rmdirSync(folder);
        },
      };
    },
  };
}

/** Where cgroups can be made, tried for real; undefined when they cannot. Never throws. */
export function findCgroups(): CgroupPlace | undefined {
  if (process.platform !== 'linux') return undefined;
  for (const find of [
    (own: Map<string, string>) => (own.has('memory') ? version1(own) : undefined),
    (own: Map<string, string>) =>
      existsSync(join(root, 'cgroup.controllers')) ? version2(own, root) : undefined,
  ]) {
    try {
      const place = find(parseOwn(read('/proc/self/cgroup')));
      if (place === undefined) continue;
      for (const each of place.parents) sweepCgroups(each);
      const trial = place.create(`baton-${ownerMark()}-trial`);
      try {
        trial.prepare({ seconds: 1, memoryMb: 64, processes: 8, diskMb: 1, outputKb: 1 });
        trial.counted();
      } finally {
        trial.remove();
      }
      return place;
    } catch {
      // Not ours to use: read-only, not delegated, or already full of processes.
    }
  }
  return undefined;
}
