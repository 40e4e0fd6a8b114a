// Builds and packs the extension: dist/baton.vsix. `npm run package`
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LIMIT = 8 * 1024 * 1024;

process.chdir(join(import.meta.dirname, '..'));
await import('./build.mjs');
writeFileSync('dist/README.md', standingAlone(readFileSync('README.md', 'utf8')));
const packed = spawnSync(
  process.execPath,
  [
    'node_modules/@vscode/vsce/vsce',
    'package',
    '--no-dependencies',
    '--allow-missing-repository',
    '--no-rewrite-relative-links',
    '--readme-path',
    'dist/README.md',
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

/** The page of the installed extension shows no picture that is not on the web: it has none, and names files as text. */
function standingAlone(markdown) {
  return markdown
    .replace(/^ *!\[[^\]]*\]\(docs\/[^)]+\)\n\n?/gm, '')
    .replace(/\[([^\]]+)\]\((docs\/[^)]+)\)/g, (_, says, path) =>
      says === path ? path : `${says}: ${path}`,
    );
}
