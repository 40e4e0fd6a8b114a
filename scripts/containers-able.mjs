// Can this machine have what `npm run test:containers` needs? Ends with 1 and a sentence where it cannot; whatever else
// goes wrong later is a failure of the tests.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether the kernel lets us stack file systems, as both tools do for every container. */
function stacks() {
  const folder = mkdtempSync(join(tmpdir(), 'baton-able-'));
  const [lower, upper, work, all] = ['lower', 'upper', 'work', 'all'].map((name) => join(folder, name));
  for (const each of [lower, upper, work, all]) mkdirSync(each);
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  const done = spawnSync('mount', ['-t', 'overlay', 'overlay', '-o', options, all], { stdio: 'ignore' });
  spawnSync('umount', [all], { stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
  return done.status === 0;
}

function why() {
  if (process.platform !== 'linux') return 'containers are tested on Linux';
  if (process.getuid() !== 0) return "Docker's service of the tests' own needs root";
  if (!existsSync('/usr/bin/apt-get')) return 'the tests take Docker and Podman from Debian packages';
  if (!stacks()) return 'its kernel mounts no overlay for us';
  return null;
}

const reason = why();
if (reason !== null) {
  console.log(reason);
  process.exitCode = 1;
}
