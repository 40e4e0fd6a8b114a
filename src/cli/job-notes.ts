// What this machine keeps of jobs that it sent: in the workflow's folder where each runs, and in the user's cache how
// its training was asked for. A folder may be somebody else's, and arguments name programs that are run.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { cacheFolder } from './places.js';

const noteSchema = z.object({
  target: z.string(),
  workflow: z.string(),
  /** Which engine, as arguments, where the loop does not bring it up itself. */
  engine: z.array(z.string()).default([]),
});
export type Note = z.output<typeof noteSchema>;

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

/** Where a job of this folder runs, and how it was started; null where it was not sent from here. */
export function readNote(folder: string, name: string): Note | null {
  try {
    return noteSchema.parse(JSON.parse(readFileSync(notePlace(folder, name), 'utf8')));
  } catch {
    return null;
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
export function forgetJob(folder: string, name: string): void {
  for (const path of [startPlace(name), notePlace(folder, name)]) rmSync(path, { force: true });
}
