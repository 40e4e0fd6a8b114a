// Walks a workspace from the host: how much it holds, and, as root, whose it is. Never follows a link.
import { lchownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** More entries than this count as a full disk: names cost memory too, and every walk would stall the host. */
export const maxEntries = 20_000;

export interface Held {
  /** Bytes on disk; a sparse file counts what it holds, not what it claims. */
  bytes: number;
  entries: number;
  /** The largest size any one file claims. */
  largest: number;
}

/**
 * Walks `folder`. With `owner`, hands everything to that user first; only while no program of this workspace runs,
 * since one could swap a folder for a link in mid-walk. A folder that cannot be read counts as empty.
 */
export function walk(folder: string, owner?: number): Held {
  const held: Held = { bytes: 0, entries: 0, largest: 0 };
  const waiting = [folder];
  const seen = new Set<number>();
  if (owner !== undefined && lstatSync(folder).uid !== owner) lchownSync(folder, owner, owner);
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    let entries: string[];
    try {
      entries = readdirSync(at);
    } catch {
      continue;
    }
    for (const name of entries) {
      held.entries += 1;
      if (held.entries > maxEntries) return held;
      const path = join(at, name);
      try {
        const stat = lstatSync(path);
        if (owner !== undefined && stat.uid !== owner) lchownSync(path, owner, owner);
        if (stat.isDirectory()) waiting.push(path);
        else if (stat.isFile()) held.largest = Math.max(held.largest, stat.size);
        // A hard link counts once.
        if (stat.nlink > 1 && !stat.isDirectory()) {
          if (seen.has(stat.ino)) continue;
          seen.add(stat.ino);
        }
        held.bytes += stat.blocks * 512;
      } catch {
        // Gone since it was listed.
      }
    }
  }
  return held;
}
