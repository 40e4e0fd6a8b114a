// Who made something on the host, told by its name: what a killed process left is found by it, and swept.
import { lstatSync, readdirSync, readlinkSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { processStart, removeTree } from '../trace/index.js';

/** Process, when it started, and the namespace in which its number counts. */
const marked = /^baton-(?:sandbox-)?(\d+)-(\w+)-(\d+)-/;

/** Of this process, for names that `sweepFolders` and `sweepCgroups` understand. */
export function ownerMark(): string {
  return `${process.pid}-${startOf(process.pid) ?? 'x'}-${namespace()}`;
}

/** Removes this user's private folders in `folder` whose process is gone. Never throws. */
export function sweepFolders(folder: string): void {
  for (const path of orphans(folder, 'baton-sandbox-')) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    // Another user could swap a folder of theirs for a link in mid-removal.
    if (stat?.isDirectory() && stat.uid === process.getuid?.()) removeTree(path);
  }
}

/** Removes cgroups in `folder` whose process is gone. The kernel keeps those that hold a process. Never throws. */
export function sweepCgroups(folder: string): void {
  for (const path of orphans(folder, 'baton-'))
    try {
      rmdirSync(path);
    } catch {
      // In use, swept by another, or not ours.
    }
}

function orphans(folder: string, prefix: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.filter((name) => name.startsWith(prefix) && isOrphan(name)).map((name) => join(folder, name));
}

/** False too where that cannot be known: a process of another namespace is not seen from here. */
function isOrphan(name: string): boolean {
  const [, pid, start, space] = marked.exec(name) ?? [];
  if (pid === undefined || space !== namespace()) return false;
  return startOf(Number(pid)) !== start;
}

function startOf(pid: number): string | undefined {
  return processStart(pid)?.replace(/\W/g, '') || undefined;
}

function namespace(): string {
  if (process.platform !== 'linux') return '0';
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}
