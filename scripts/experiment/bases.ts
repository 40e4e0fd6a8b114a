import { execFileSync } from 'node:child_process';
import { existsSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Steps of training that turn the shipped base into one with other habits. */
const STEPS = 600;

/** How the command line is told to start from a base with these habits; makes the base in the cache, once. */
export function baseFlags(habits: number): string[] {
  if (habits === 1) return [];
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = join(cache, 'baton', 'experiment', `habits-${habits}-steps-${STEPS}`);
  if (!existsSync(folder)) {
    const draft = `${folder}.part-${process.pid}`;
    const how = [
      '--from',
      'media/base',
      '--steps',
      String(STEPS),
      '--habits',
      String(habits),
      '--out',
      draft,
    ];
    execFileSync(process.execPath, ['scripts/pretrain.mjs', ...how], { stdio: ['ignore', 2, 2] });
    renameSync(draft, folder);
  }
  return ['--engine', 'tfjs', '--base', folder];
}
