// What this machine keeps of jobs that it sent: in the workflow's folder where each runs, and in the user's cache how
// its training was asked for. A folder may be somebody else's, and arguments name programs that are run.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { cacheFolder } from './places.js';

export interface Note {
  target: string;
  workflow: string;
  /** Which engine, as arguments, where the loop does not bring it up itself. */
  engine?: string[];
}

export const notePlace = (folder: string, name: string): string =>
  join(folder, '.baton', 'jobs', `${name}.json`);
const startPlace = (name: string): string => join(cacheFolder(), 'jobs', `${name}.json`);

/** Note where a job runs, and keep the arguments that start it, before anything of it is sent. */
export function noteJob(folder: string, name: string, note: Note, args: readonly string[]): void {
  mkdirSync(join(folder, '.baton', 'jobs'), { recursive: true });
  writeFileSync(notePlace(folder, name), JSON.stringify(note));
  mkdirSync(join(cacheFolder(), 'jobs'), { recursive: true, mode: 0o700 });
  writeFileSync(startPlace(name), JSON.stringify(args), { mode: 0o600 });
}

/** Where a job of this folder runs; only a convenience. */
export function readNote(name: string): Note {
  try {
    return JSON.parse(readFileSync(notePlace(process.cwd(), name), 'utf8')) as Note;
  } catch {
    const workflows = readdirSync(process.cwd()).filter((file) => /\.baton\.ya?ml$/.test(file));
    return { target: '', workflow: workflows[0] ?? '' };
  }
}

/** The arguments that start a job; null where it was not sent from this machine, or was removed from here. */
export function startOf(name: string): string[] | null {
  try {
    return z.array(z.string()).parse(JSON.parse(readFileSync(startPlace(name), 'utf8')));
  } catch {
    return null;
  }
}

/** A job that was removed cannot be started again. */
export function forgetStart(name: string): void {
  rmSync(startPlace(name), { force: true });
}
