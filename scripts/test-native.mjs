// `npm run test:native`: the engine on the native CPU build of TensorFlow. Builds that into the cache where it is
// missing (hundreds of MB), and fetches the editor's version of Node. Arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ensurePackages, fail } from './ensure.mjs';

process.chdir(join(import.meta.dirname, '..'));
ensurePackages();
await import('./build.mjs');
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'baton');
const run = (command, args, options = {}) =>
  spawnSync(command, args, { stdio: ['ignore', 2, 2], ...options }).status === 0;

if (!existsSync(join(cache, 'native', 'package.json'))) {
  console.error('Building the native binding of TensorFlow (about two minutes, once) ...');
  run(process.execPath, ['dist/cli.mjs', 'doctor', '--install-native']);
  if (!existsSync(join(cache, 'native', 'package.json')))
    fail(
      "The native binding could not be built; the lines above say why. It needs g++, make and Node's headers.",
    );
}
const editor = join(cache, 'node24');
const node = join(editor, 'node_modules', 'node', 'bin', 'node');
if (!existsSync(node)) {
  mkdirSync(editor, { recursive: true });
  writeFileSync(join(editor, 'package.json'), '{"private": true}\n');
  if (!run('npm', ['install', '--no-audit', '--no-fund', 'node@24'], { cwd: editor }))
    fail('Node 24 could not be fetched from the npm registry; the lines above say why.');
}
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'native', ...process.argv.slice(2)];
const done = spawnSync(process.execPath, vitest, {
  stdio: 'inherit',
  env: { ...process.env, BATON_NODE_24: node },
});
process.exitCode = done.status ?? 1;
