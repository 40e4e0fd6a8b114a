// A folder of the sandbox's own on the host, and where the Python files of this package lie.
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeTree } from '../trace/index.js';
import { ownerMark, sweepFolders } from './owner.js';

export interface Private {
  path: string;
  /** Short and random, for names elsewhere on the host. */
  id: string;
  remove(): Promise<void>;
}

/** Makes one, and removes those that killed processes left. */
export async function privateFolder(): Promise<Private> {
  sweepFolders(tmpdir());
  const path = await mkdtemp(join(tmpdir(), `baton-sandbox-${ownerMark()}-`));
  return {
    path,
    id: randomBytes(3).toString('hex'),
    remove: async () => void removeTree(path),
  };
}

/** `media/python` of this package, from the source tree as from the bundle. */
export function launcherPath(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'media/python/launcher.py'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('media/python/launcher.py is missing; reinstall the package.');
    folder = parent;
  }
  return join(folder, 'media/python');
}

/** The absolute path of a program on PATH. @throws Error when there is none. */
export function findProgram(name: string): string {
  for (const folder of (process.env.PATH ?? '/usr/bin:/bin').split(delimiter)) {
    // A relative entry would take the program from whatever folder is current.
    if (!isAbsolute(folder)) continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  throw new Error(`${name} does not start: it is on no folder of PATH (ENOENT)`);
}
