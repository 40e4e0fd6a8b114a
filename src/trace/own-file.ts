import { rmSync, writeFileSync } from 'node:fs';

/**
 * Write a whole small file into a folder that may have come from somebody else: what stands in its place, a link too,
 * is replaced and never followed.
 */
export function writeOwn(
  path: string,
  data: string | Buffer,
  { mode = 0o600, flush = false }: { mode?: number; flush?: boolean } = {},
): void {
  rmSync(path, { force: true });
  writeFileSync(path, data, { mode, flush, flag: 'wx' });
}
