// `npm start`: install what is missing, then train the example team and show before and after.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ensurePackages, ensureSystem, hasContainer } from './ensure.mjs';

process.chdir(join(import.meta.dirname, '..'));
ensurePackages();
await ensureSystem(hasContainer());
await import('./build.mjs');
// A copy to work in, so that the shipped template stays as it is; and one more, which tells what was changed since.
const template = 'media/templates/table-team';
const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'baton', 'start');
const before = `${folder}-shipped`;
const same = (one, other) => readFileSync(one).equals(readFileSync(other));
const changed = readdirSync(template, { recursive: true }).filter((name) => {
  const [shipped, own] = [join(existsSync(before) ? before : template, name), join(folder, name)];
  return existsSync(own) && statSync(own).isFile() && existsSync(shipped) && !same(own, shipped);
});
cpSync(template, folder, {
  recursive: true,
  filter: (from) => !changed.some((name) => from === join(template, name)),
});
cpSync(template, before, { recursive: true });
console.error(`The team: ${join(folder, 'table-team.baton.yaml')}`);
if (changed.length > 0)
  console.error(`As you changed it: ${changed.join(', ')}; remove ${folder} to have it as it is shipped.`);
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
