import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Another one where a file was written or put in the place of another; empty where there is none. */
export function fileStamp(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? `${found.ino}/${found.size}/${found.mtimeMs}` : '';
}

/** Another one where a file of a folder (not below it) was made, written or deleted; empty where there is none. */
export function folderStamp(path: string): string {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return '';
  return readdirSync(path)
    .sort()
    .map((name) => `${name} ${fileStamp(join(path, name))}`)
    .join('\n');
}
