// `npm test`: install what is missing, build, then all tests; arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensurePackages, ensureSystem } from './ensure.mjs';

process.chdir(join(import.meta.dirname, '..'));
ensurePackages();
await ensureSystem();
await import('./build.mjs');
const done = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--project', '!box', ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exitCode = done.status ?? 1;
