// Ray for the tests of its target, in the user's cache (half a minute, 380 MB, once).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from './ensure.mjs';

const RAY = 'ray[default]==2.60.0';

/** Folder of programs that holds `ray` and its `python`. */
export function rayPrograms() {
  const home = process.env.XDG_CACHE_HOME || join(process.env.HOME ?? '/', '.cache');
  const folder = join(home, 'baton', 'ray-env');
  const programs = join(folder, 'bin');
  const run = (program, args) => spawnSync(program, args, { stdio: ['ignore', 2, 2] }).status === 0;
  const works = () =>
    existsSync(join(programs, 'ray')) &&
    spawnSync(join(programs, 'python'), ['-c', 'import ray, aiohttp'], { stdio: 'ignore' }).status === 0;
  if (works()) return programs;
  console.error(`Installing ${RAY} in ${folder} ...`);
  const python = join(programs, 'python');
  const made = run('uv', ['venv', '--quiet', '--allow-existing', '--python', 'python3', folder])
    ? run('uv', ['pip', 'install', '--quiet', '--python', python, RAY])
    : run('python3', ['-m', 'venv', folder]) && run(python, ['-m', 'pip', 'install', '--quiet', RAY]);
  if (!made || !works())
    fail(
      `Ray could not be installed; make it by hand: python3 -m venv ${folder} && ${python} -m pip install '${RAY}'`,
    );
  return programs;
}
