import { closeSync, constants, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Blobs } from '../bodies.js';
import type { WorkspaceState } from './history.js';

/**
 * Write a workspace as it was, byte for byte, into an empty folder. The log may come from anybody: no path leaves
 * the folder, no link is made or followed, nothing that is there is overwritten.
 */
export function restore(state: WorkspaceState, blobs: Blobs, folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (readdirSync(folder).length > 0)
    throw new Error(`${folder} is not empty; a workspace is restored into a folder of its own.`);
  for (const [path, file] of state) {
    if (!staysInside(path))
      throw new Error(
        `The log names the file "${path.slice(0, 100)}", which would leave the folder; nothing of it was written.`,
      );
    mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
    const mode = file.executable ? 0o700 : 0o600;
    const out = openSync(
      join(folder, path),
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      mode,
    );
    try {
      const bytes = blobs.get(file.sha256);
      for (let at = 0; at < bytes.length; ) at += writeSync(out, bytes, at);
    } finally {
      closeSync(out);
    }
  }
}

export function staysInside(path: string): boolean {
  if (
    path === '' ||
    path.includes('\0') ||
    path.startsWith('/') ||
    (process.platform === 'win32' && /[\\:]/.test(path))
  )
    return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
