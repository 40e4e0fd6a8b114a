// `npm test`: install what is missing, build, then all tests; arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensurePackages, ensurePandas, ensureSystem, hasSshd } from './ensure.mjs';

process.chdir(join(import.meta.dirname, '..'));
ensurePackages();
await ensureSystem();
const python = ensurePandas();
if (!hasSshd())
  console.error(
    'Two tests of targets are left out: they need an sshd; install openssh-server with your package manager.',
  );
await import('./build.mjs');
const done = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    ...['unit', 'integration', 'e2e'].flatMap((tier) => ['--project', tier]),
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit', env: { ...process.env, ...(python ? { BATON_TEST_PYTHON: python } : {}) } },
);
process.exitCode = done.status ?? 1;
