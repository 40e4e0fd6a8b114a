import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whatever tests put into the folder for temporary files goes when all have ended. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'baton-tests-'));
  // As the system's own: tests act as an ordinary user, too.
  chmodSync(folder, 0o1777);
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
