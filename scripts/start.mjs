// `npm start`: install what is missing, then train the example team and show before and after.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ensurePackages, ensureSystem, hasContainer } from './ensure.mjs';

process.chdir(join(import.meta.dirname, '..'));
ensurePackages();
await ensureSystem(hasContainer());
await import('./build.mjs');
// A copy to work in, so that the shipped template stays as it is.
const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'baton', 'start');
mkdirSync(folder, { recursive: true });
cpSync('media/templates/table-team', folder, { recursive: true });
if (!existsSync('dist/cli.mjs')) throw new Error('the build made no dist/cli.mjs');
// Enough to see the team learn within five minutes; what is typed after `npm start --` counts instead.
const size = ['--steps', '7', '--eval-tasks', '40'];
const child = spawn(
  process.execPath,
  ['dist/cli.mjs', 'train', join(folder, 'table-team.baton.yaml'), ...size, ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    env: { ...process.env, BATON_COMMAND: 'node dist/cli.mjs' },
  },
);
// Ctrl-C reaches the child as well; it prints what is known so far and ends by itself.
process.on('SIGINT', () => undefined);
child.on('exit', (code) => {
  process.exitCode = code ?? 130;
});
