// What of a workflow's folder a job takes with it, and whether that is all that it needs of it.
import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, posix, relative } from 'node:path';
import { type Cargo, cargoOf, type Manifest, staysByName } from '../target/index.js';
import { noting, type WorkflowFiles } from '../workflow/index.js';
import { exit, Failure, type Terminal } from './terminal.js';

/** Throws where the folder is one that holds everything a person has. */
export function mustBeItsOwn(folder: string): void {
  const home = existsSync(homedir()) ? realpathSync(homedir()) : '/';
  const way = relative(realpathSync(folder), home);
  if (way === '..' || way.startsWith('../')) return;
  const what = way === '' ? 'your home folder' : 'a folder around your home folder';
  throw new Failure(
    'target.files',
    `A job takes the workflow's folder with it, and ${folder} is ${what}: nothing was sent. Make a folder of its own for the workflow and what it names, and train there.`,
    exit.usage,
  );
}

/** Files that keep note of the paths that they were asked for. */
export function notingPaths(files: WorkflowFiles): { files: WorkflowFiles; asked: Set<string> } {
  const asked = new Set<string>();
  const path = (path: string) => void asked.add(posix.normalize(path).replace(/\/$/, ''));
  return { files: noting(files, { path }), asked };
}

/** What does not go though the workflow names it, or it lies in a folder that the workflow names; one sentence each. */
export function lacking(folder: string, { files, left }: Cargo, asked: Iterable<string>): string[] {
  const paths = [...files.keys()];
  return [...asked].flatMap((path) => {
    if (path === '.' || !existsSync(join(folder, path))) return [];
    const found = left.find((each) => each.path === path || each.path.startsWith(`${path}/`));
    if (found) return [`${found.path} is ${found.why}`];
    const goes = files.has(path) || paths.some((each) => each.startsWith(`${path}/`));
    return goes || !staysByName(path) ? [] : [`${path} is called like what never leaves this machine`];
  });
}

/** `asked`: what the workflow names. Throws where something of it would not be there. */
export async function filesToSend(
  terminal: Terminal,
  folder: string,
  asked: Iterable<string>,
): Promise<Manifest> {
  mustBeItsOwn(folder);
  const cargo = await cargoOf(folder);
  const lacks = lacking(folder, cargo, asked);
  if (lacks.length > 0)
    throw new Failure(
      'target.files',
      `The workflow names what would not go with it:\n  ${lacks.join('\n  ')}\nNothing was sent. Put a copy of it in the folder, under a name of its own, and name that.`,
      exit.usage,
    );
  for (const { path, why } of cargo.left) terminal.note(`${path} stays here: it is ${why}`);
  return cargo.files;
}
