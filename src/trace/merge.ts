import { cpSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { glob } from 'tinyglobby';
import { Blobs } from './bodies.js';
import { endingOf } from './ending.js';
import { writeOwn } from './own-file.js';
import { readLog } from './read.js';
import type { RunFolder } from './run-folder.js';

/**
 * Take finished rollouts out of a run that was carried elsewhere into this one: their blobs and workspace history
 * first, then each log, whole, under its own name. What is unfinished or damaged there is left, and so is what this
 * run has already. Returns the rollouts that were taken. Throws where a blob does not match its name.
 */
export async function mergeRollouts(
  from: RunFolder,
  into: RunFolder,
  rollouts: readonly string[],
): Promise<string[]> {
  const done = rollouts.filter((id) => {
    const { events, damage, torn } = readLog(from.rollout(id));
    const whole = damage.length === 0 && !torn;
    return whole && endingOf(events) !== null && !finished(into, id);
  });
  if (done.length === 0) return [];
  const [theirs, own] = [new Blobs(from.blobs), new Blobs(into.blobs)];
  for (const path of await glob('[0-9a-f][0-9a-f]/*', { cwd: from.blobs }))
    if (/^[0-9a-f]{2}\/[0-9a-f]{62}$/.test(path)) own.put(theirs.get(path.replace('/', '')), true);
  const history = '{objects/[0-9a-f][0-9a-f]/*,refs/heads/**}';
  for (const path of await glob(history, { cwd: from.git, followSymbolicLinks: false })) {
    const to = join(into.git, path);
    if (existsSync(to)) continue;
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    cpSync(join(from.git, path), to);
  }
  for (const id of done) {
    const to = into.rollout(id);
    writeOwn(`${to}.draft`, readFileSync(from.rollout(id)), { flush: true });
    renameSync(`${to}.draft`, to);
  }
  return done;
}

const finished = (run: RunFolder, id: string): boolean => endingOf(readLog(run.rollout(id)).events) !== null;
