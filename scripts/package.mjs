// Builds and packs the extension: dist/baton.vsix. `npm run package`
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

const LIMIT = 8 * 1024 * 1024;

process.chdir(join(import.meta.dirname, '..'));
await import('./build.mjs');
const packed = spawnSync(
  process.execPath,
  [
    'node_modules/@vscode/vsce/vsce',
    'package',
    '--no-dependencies',
    '--allow-missing-repository',
    '--no-rewrite-relative-links',
    '--out',
    'dist/baton.vsix',
  ],
  { stdio: ['ignore', 2, 2] },
);
if (packed.status !== 0) process.exit(packed.status ?? 1);
const { size } = statSync('dist/baton.vsix');
console.log(`dist/baton.vsix: ${(size / 1024 / 1024).toFixed(2)} MB`);
if (size > LIMIT) {
  console.error(`The limit is ${LIMIT / 1024 / 1024} MB.`);
  process.exitCode = 1;
}
