// Where the base lies that a run or a policy names. One inside the workflow's folder is kept as a path from there ("./"):
// folders are moved and renamed, and that of a job on a target is another machine's.
import { existsSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { RunFolder } from '../trace/index.js';
import { exit, Failure } from './terminal.js';

/** A base as it is kept with what was trained over it. `home`: the folder of the workflow. */
export function keptBase(base: string | undefined, home: string): string | undefined {
  if (base === undefined || !existsSync(base)) return base;
  const way = relative(realpathSync(home), realpathSync(base));
  const outside = way === '..' || way.startsWith('../') || isAbsolute(way);
  return outside ? resolve(base) : `./${way}`;
}

/** Where a base that is kept may lie now, the likeliest first. */
function placesOf(kept: string, home: string): string[] {
  if (!isAbsolute(kept)) return [join(home, kept)];
  // Earlier versions kept where it lay, on whatever machine: its place in the folder is some end of that path.
  const parts = kept.split('/').slice(1);
  return [kept, ...parts.map((_, at) => join(home, ...parts.slice(at)))];
}

const isModel = (path: string): boolean =>
  path.endsWith('.gguf')
    ? existsSync(path)
    : ['config.json', 'baton.json'].some((name) => existsSync(join(path, name)));

type Kept = string | null | undefined;

/** An engine looks for what is no path on the hub. */
const isPath = (kept: string): boolean => isAbsolute(kept) || kept.startsWith('.') || kept.endsWith('.gguf');

/** What an engine is told of a base that is kept; undefined for the one that ships. It says itself where there is none. */
export function seekBase(kept: Kept, home: string): string | undefined {
  if (kept === null || kept === undefined) return undefined;
  const places = placesOf(kept, home);
  return places.find(isModel) ?? (isPath(kept) ? places[0] : kept);
}

/** The flag that names a base where it is not found. */
export const orFlag = 'say where it lies: --base MODEL';

/** The same for what was trained by or promoted as `of`. Throws, with where it looked, where there is none. */
export function findBase(kept: Kept, home: string, of: string): string | undefined {
  const found = seekBase(kept, home);
  if (found === undefined || !isPath(found) || isModel(found)) return found;
  const elsewhere = isAbsolute(kept!) ? `, nor by the end of that path in ${home}` : '';
  throw new Failure(
    'model.unavailable',
    `The base that ${of} was trained over is not at ${found}${elsewhere}. Put it back there, or ${orFlag}.`,
    exit.environment,
  );
}

/** The base of a run, as it is kept with what is promoted from it in the folder `home`. */
export function movedBase(folder: RunFolder, home: string): string | undefined {
  const kept = keptIn(folder);
  const found = seekBase(kept, folder.home);
  return found !== undefined && existsSync(found) ? keptBase(found, home) : kept;
}

/** The base of a run that goes on. An engine on a box finds it there as it was. */
export function baseAgain(folder: RunFolder): string | undefined {
  const kept = keptIn(folder);
  return folder.readInfo().options.engineOn ? kept : seekBase(kept, folder.home);
}

/** The base that a run was started with, as it kept it. */
export function keptIn(folder: RunFolder): string | undefined {
  const { base } = folder.readInfo().options;
  return typeof base === 'string' ? base : undefined;
}
