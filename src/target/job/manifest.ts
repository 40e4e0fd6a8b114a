// Files that travel, with their hashes. Paths from another machine are hostile until they are checked.
import { createHash } from 'node:crypto';
import { createReadStream, lstatSync } from 'node:fs';
import { join, posix } from 'node:path';
import { glob } from 'tinyglobby';

export type Manifest = ReadonlyMap<string, string>;

/** A path that stays where it is put: relative, without .., control characters or a leading dash of its own. */
export function isSafePath(path: string): boolean {
  return (
    path !== '' &&
    path.length < 1000 &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    !/[\x00-\x1f\x7f\\]/.test(path) &&
    !path.startsWith('/') &&
    posix.normalize(path) === path &&
    path.split('/').every((part) => part !== '..' && part !== '')
  );
}

export function sha256Of(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    createReadStream(path)
      .on('data', (chunk) => hash.update(chunk))
      .on('error', reject)
      .on('end', () => resolve(hash.digest('hex')));
  });
}

/** Regular files under a folder by relative path. Throws where a name could not be sent as a line. */
export async function manifestOf(folder: string, ignore: readonly string[] = []): Promise<Manifest> {
  const paths = await glob('**', { cwd: folder, dot: true, ignore: [...ignore], followSymbolicLinks: false });
  const found = new Map<string, string>();
  for (const path of paths.sort()) {
    if (!lstatSync(join(folder, path)).isFile()) continue;
    if (!isSafePath(path)) throw new Error(`${join(folder, path)} has a name that cannot travel; rename it`);
    found.set(path, await sha256Of(join(folder, path)));
  }
  return found;
}

/** One hash for a whole manifest. */
export function manifestHash(manifest: Manifest): string {
  const hash = createHash('sha256');
  for (const [path, sum] of manifest) hash.update(`${sum} ${path}\n`);
  return hash.digest('hex');
}

/** A file there. */
export interface Listed {
  readonly path: string;
  readonly hash: string;
  /** How many of its first bytes the hash is of; null: of all. What is being written grows. */
  readonly size: number | null;
}

/** Lines "hash  ./path" or "hash size ./path", a path once. Throws at the first other one, and at an unsafe path. */
export function parseListed(text: string): Listed[] {
  const found = new Map<string, Listed>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const match = /^([0-9a-f]{64}) (?:[ *]|(\d{1,15}) )\.\/(.+)$/.exec(line);
    const [, hash = '', size, path = ''] = match ?? [];
    if (!isSafePath(path)) {
      throw new Error(
        `the box lists a file whose name is not safe here: ${JSON.stringify(line.slice(0, 200))}`,
      );
    }
    found.set(path, { path, hash, size: size === undefined ? null : Number(size) });
  }
  return [...found.values()];
}
