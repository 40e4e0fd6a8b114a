// Can this machine have what `npm run test:box` needs? Ends with 1 and a sentence where it cannot; whatever else goes
// wrong later is a failure of the tests.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

const GIB = 2 ** 30;
const cache = join(process.env.XDG_CACHE_HOME || join(process.env.HOME ?? '/', '.cache'), 'baton');

function why() {
  if (process.platform !== 'linux') return 'targets are tested on Linux';
  try {
    execFileSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))'], { stdio: 'ignore' });
  } catch {
    return 'there is no Python 3.11 or newer';
  }
  if (!existsSync('/usr/sbin/sshd') && !(process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')))
    return 'there is no sshd, and no right to install one';
  mkdirSync(cache, { recursive: true });
  const { bavail, bsize } = statfsSync(cache);
  // PyTorch with CUDA's libraries, as much again while it installs, and Ray.
  if (!existsSync(join(cache, 'torch')) && bavail * bsize < 14 * GIB)
    return `PyTorch and Ray need 14 GiB of disk, ${(bavail * bsize) / GIB} are free`;
  return null;
}

const reason = why();
if (reason !== null) {
  console.log(reason);
  process.exitCode = 1;
}
