// What of a workflow's folder a job takes with it.
import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { relative } from 'node:path';
import { cargoOf, type Manifest } from '../target/index.js';
import { exit, Failure, type Terminal } from './terminal.js';

/** Throws where the folder is one that holds everything a person has. */
export function mustBeItsOwn(folder: string): void {
  const way = relative(realpathSync(folder), realpathSync(homedir()));
  if (way === '..' || way.startsWith('../')) return;
  const what = way === '' ? 'your home folder' : 'a folder around your home folder';
  throw new Failure(
    'target.files',
    `A job takes the workflow's folder with it, and ${folder} is ${what}: nothing was sent. Make a folder of its own for the workflow and what it names, and train there.`,
    exit.usage,
  );
}

export async function filesToSend(terminal: Terminal, folder: string): Promise<Manifest> {
  mustBeItsOwn(folder);
  const { files, left } = await cargoOf(folder);
  for (const { path, why } of left) terminal.note(`${path} stays here: it is ${why}`);
  return files;
}
