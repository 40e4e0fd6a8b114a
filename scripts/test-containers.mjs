// `npm run test:containers`: agents' programs in real Docker and Podman. Installs both where they are missing and there
// are rights. Arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureContainers, ensurePackages } from './ensure.mjs';

process.chdir(join(import.meta.dirname, '..'));
ensurePackages();
ensureContainers();
await import('./build.mjs');
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'containers', ...process.argv.slice(2)];
process.exitCode = spawnSync(process.execPath, vitest, { stdio: 'inherit' }).status ?? 1;
