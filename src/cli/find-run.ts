import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { listRuns, RunFolder } from '../trace/index.js';
import { commandName, exit, Failure, shellWord } from './terminal.js';

/** The nearest folder upwards whose `.baton` has one of these in it; `from` itself where none has. */
function nearest(from: string, ...kept: string[]): string {
  const has = (folder: string) => kept.some((name) => existsSync(join(folder, '.baton', name)));
  let folder = resolve(from);
  while (!has(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return has(folder) ? folder : resolve(from);
}

/** The folder whose `.baton/runs` is meant. */
export const runsBase = (from = process.cwd()): string => nearest(from, 'runs');

/** The folder whose promoted policies are meant. */
export const policiesBase = (from = process.cwd()): string => nearest(from, 'runs', 'policies');

/** A run by its name, the end of its name, its path, or `last`. */
export function findRun(name: string | undefined, base = runsBase()): RunFolder {
  if (name?.includes('/') && existsSync(join(resolve(name), 'run.json'))) return new RunFolder(resolve(name));
  const runs = listRuns(base);
  const wanted = name ?? 'last';
  const found =
    wanted === 'last'
      ? runs.slice(0, 1)
      : runs.filter((run) => run.name === wanted || run.name.endsWith(wanted));
  if (found.length === 1) return found[0]!;
  if (runs.length === 0)
    throw new Failure(
      'run.none',
      `There is no run under ${base}; start one with: ${commandName()} run`,
      exit.usage,
    );
  throw new Failure(
    'run.unknown',
    `${found.length === 0 ? 'No run is' : 'Several runs are'} called "${wanted}". Newest: ${runs
      .slice(0, 5)
      .map((run) => run.name)
      .join(', ')}`,
    exit.usage,
  );
}

/** A run, and a rollout of it where one is named. A rollout's name alone is one of the newest run that has it. */
export function findRunOrRollout(
  name: string | undefined,
  rollout: string | undefined,
): { folder: RunFolder; rollout: string | undefined } {
  const alone = name !== undefined && rollout === undefined && /^\w[\w.@-]{0,150}$/.test(name);
  const runs = alone ? listRuns(runsBase()) : [];
  // Runs come first, by the end of their names too.
  const having = runs.some((run) => run.name.endsWith(name!))
    ? undefined
    : runs.find((run) => existsSync(run.rollout(name!)));
  return having ? { folder: having, rollout: name } : { folder: findRun(name), rollout };
}

/** How a command that is typed here names a run: its name where that finds it, else its path. */
export function runWord({ path, name }: RunFolder): string {
  if (resolve(path) === join(runsBase(), '.baton', 'runs', name)) return name;
  return shellWord(path);
}
