// As root, programs run under a user id of their own, which may read neither a folder that is closed to others nor
// root's files made under a strict umask. Such folders are shown as an open copy; what is already open is bound as is.

import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Private } from './private.js';

interface Look {
  open: boolean;
  stamp: string;
}

function look(folder: string): Look {
  const hash = createHash('sha256');
  let open = true;
  const waiting = [folder];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const stat = lstatSync(at);
    const needed = stat.isDirectory() ? 0o005 : 0o004;
    if (!stat.isSymbolicLink() && (stat.mode & needed) !== needed) open = false;
    hash.update(`${at} ${stat.size} ${stat.mtimeMs} ${stat.ino}\n`);
    if (stat.isDirectory()) for (const name of readdirSync(at)) waiting.push(join(at, name));
  }
  return { open, stamp: hash.digest('hex').slice(0, 16) };
}

/** Gives, for a host folder, the folder to bind. With `needed` false (ordinary user) that is always the folder itself. */
export function readableCopies(place: Private, needed: boolean): (folder: string) => string {
  return (folder) => {
    if (!needed) return folder;
    const { open, stamp } = look(folder);
    if (open) return folder;
    const copy = join(place.path, 'open', stamp);
    if (!existsSync(copy)) copyOpen(folder, copy);
    return copy;
  };
}

/** Files and folders only: a link could lead out of the folder, and a device or a pipe has no contents to show. */
function copyOpen(folder: string, target: string): void {
  const begun = `${target}.part`;
  const copy = (from: string, to: string): void => {
    const stat = lstatSync(from);
    if (stat.isDirectory()) {
      mkdirSync(to, { recursive: true });
      chmodSync(to, 0o755);
      for (const name of readdirSync(from)) copy(join(from, name), join(to, name));
    } else if (stat.isFile()) {
      copyFileSync(from, to);
      chmodSync(to, 0o644);
    }
  };
  copy(folder, begun);
  renameSync(begun, target);
}
