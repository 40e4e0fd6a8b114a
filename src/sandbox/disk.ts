// Walks a workspace from the host: how much it holds, and, as root, whose it is. Never follows a link.
import { chmodSync, lchownSync, lstatSync, readdirSync } from 'node:fs';
import { removeTree } from '../trace/index.js';

/** More new entries than this count as a full disk: names cost memory too, and every walk would stall the host. */
export const maxEntries = 20_000;
/** Folders deeper than this, or of longer paths, count as a full disk: the host soon cannot name what is in them. */
const maxDepth = 64;
const maxPath = process.platform === 'darwin' ? 600 : 2000;
/** What all programs of a workspace may leave in it together, as a multiple of what one may. */
const inAll = 4;
const slash = Buffer.from('/');

export interface Held {
  /** Bytes on disk; a sparse file counts what it holds, not what it claims. */
  bytes: number;
  entries: number;
  /** The largest size any one file claims. */
  largest: number;
  /** Something could not be counted: a closed folder, a path too long or too deep, or too many entries. */
  unseen: boolean;
}

interface Preparing {
  /** Hands everything to this user first. */
  owner?: number | undefined;
  /** Opens closed folders and removes what lies too deep to be counted. */
  mend?: boolean;
}

/**
 * Walks `folder`. `preparing` changes things on the way; only while no program of this workspace runs, since one could
 * swap a folder for a link in mid-walk.
 */
export function walk(folder: string, { owner, mend = false }: Preparing = {}): Held {
  const held: Held = { bytes: 0, entries: 0, largest: 0, unseen: false };
  // As bytes: a name need be no text.
  const waiting = [{ path: Buffer.from(folder), depth: 0 }];
  const seen = new Set<number>();
  if (owner !== undefined && lstatSync(folder).uid !== owner) lchownSync(folder, owner, owner);
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const listed = list(at, mend);
    if (listed === undefined) held.unseen = true;
    for (const name of listed ?? []) {
      held.entries += 1;
      if (held.entries > inAll * maxEntries) return { ...held, unseen: true };
      const path = Buffer.concat([at.path, slash, name]);
      try {
        const stat = lstatSync(path);
        if (owner !== undefined && stat.uid !== owner) lchownSync(path, owner, owner);
        if (stat.isDirectory()) waiting.push({ path, depth: at.depth + 1 });
        else if (stat.isFile()) held.largest = Math.max(held.largest, stat.size);
        // A hard link counts once.
        if (stat.nlink > 1 && !stat.isDirectory()) {
          if (seen.has(stat.ino)) continue;
          seen.add(stat.ino);
        }
        held.bytes += stat.blocks * 512;
      } catch (error) {
        if (isHidden(error)) held.unseen = true;
      }
    }
  }
  return held;
}

/** The names in a folder, none where it is gone; undefined where it lies too deep or cannot be listed. */
function list({ path, depth }: { path: Buffer; depth: number }, mend: boolean): Buffer[] | undefined {
  if (depth > 0 && (depth > maxDepth || path.length > maxPath))
    return mend && removeTree(path) ? [] : undefined;
  try {
    if (mend && (lstatSync(path).mode & 0o500) !== 0o500) chmodSync(path, 0o700);
    return readdirSync(path, { encoding: 'buffer' });
  } catch (error) {
    return isHidden(error) ? undefined : [];
  }
}

/** By what a program did; not gone since it was listed, nor out of the host's reach for a reason of its own. */
function isHidden(error: unknown): boolean {
  return ['EACCES', 'EPERM', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/**
 * Whether a program that found `before` has filled the disk: by what it added to that, or because the workspace as a
 * whole has come to hold too much.
 */
export function tooFull(held: Held, before: Held, diskMb: number): boolean {
  const most = diskMb * 1024 * 1024;
  const bytes = held.bytes - before.bytes;
  const entries = held.entries - before.entries;
  return (
    held.unseen ||
    bytes >= most ||
    (bytes > 0 && held.bytes >= inAll * most) ||
    entries > maxEntries ||
    (held.largest >= most && held.largest > before.largest)
  );
}
