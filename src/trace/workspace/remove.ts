import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, readdirSync, renameSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';

/** Bytes that a path may be longer than the folder's own: with one more name it is still one that every system takes. */
const FURTHER = 100;

/**
 * Remove a folder in which a program could do what it liked: closed folders, paths longer than the system takes,
 * names that are no text. Follows no link and never throws; what cannot be removed stays. Says whether all is gone.
 */
export function removeTree(folder: string | Buffer): boolean {
  try {
    rmSync(folder, { recursive: true, force: true });
    return true;
  } catch {
    // Then by hand.
  }
  try {
    if (!lstatSync(folder).isDirectory()) return false;
    emptyTree(Buffer.from(folder));
    rmdirSync(folder);
    return true;
  } catch {
    return lstatSync(folder, { throwIfNoEntry: false }) === undefined;
  }
}

/** What lies too deep is moved up, below `root`, and goes on from there. */
function emptyTree(root: Buffer): void {
  const most = root.length + FURTHER;
  /** Folders to empty, each before those in it; they are removed from the end. */
  const folders: Buffer[] = [root];
  // A name that no program can have taken before.
  const moving = `.moved-${randomBytes(8).toString('hex')}`;
  let moved = 0;
  for (let at = 0; at < folders.length; at += 1) {
    const folder = folders[at]!;
    attempt(() => chmodSync(folder, 0o700));
    for (const name of namesIn(folder)) {
      const path = inside(folder, name);
      if (attempt(() => unlinkSync(path))) continue;
      if (!attempt(() => openFolder(path))) continue;
      const short = inside(root, Buffer.from(`${moving}-${moved}`));
      if (path.length > most && attempt(() => renameSync(path, short))) {
        moved += 1;
        folders.push(short);
      } else folders.push(path);
    }
  }
  for (const folder of folders.slice(1).reverse()) attempt(() => rmdirSync(folder));
}

/** @throws Error where it is no folder: a change of mode would follow a link. */
function openFolder(path: Buffer): void {
  if (!lstatSync(path).isDirectory()) throw new Error('not a folder');
  chmodSync(path, 0o700);
}

function inside(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, Buffer.from('/'), name]);
}

function namesIn(folder: Buffer): Buffer[] {
  try {
    return readdirSync(folder, { encoding: 'buffer' });
  } catch {
    return [];
  }
}

function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
