import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Steps of training that turn the shipped base into one that is wrong more or less often. */
const STEPS = 600;

/** How the command line is told to start from a base that is wrong this much as often; makes the base in the cache, once. */
export function baseFlags(wrong: number): string[] {
  if (wrong === 1) return [];
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = join(cache, 'baton', 'experiment', `wrong-${wrong}-steps-${STEPS}-of-${shippedBase()}`);
  if (!existsSync(folder)) {
    const draft = `${folder}.part-${process.pid}`;
    const how = [
      '--from',
      'media/base',
      '--steps',
      String(STEPS),
      '--habits',
      String(wrong),
      '--slips',
      String(wrong),
      '--out',
      draft,
    ];
    execFileSync(process.execPath, ['scripts/pretrain.mjs', ...how], { stdio: ['ignore', 2, 2] });
    renameSync(draft, folder);
  }
  return ['--engine', 'tfjs', '--base', folder];
}

/** The hash of the shipped base, so that bases made from an earlier one are not taken for today's. */
function shippedBase(): string {
  return (JSON.parse(readFileSync('media/base/baton.json', 'utf8')) as { hash: string }).hash.slice(0, 12);
}
