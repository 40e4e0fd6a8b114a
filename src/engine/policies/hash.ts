import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

/** Of a file of any size, in hex: weights may be larger than what Node reads at once (2 GiB). */
export function sha256(path: string): string {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(1 << 22);
  const file = openSync(path, 'r');
  try {
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece))
      hash.update(piece.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}
