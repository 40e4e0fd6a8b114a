// What this machine keeps of jobs that it sent: in the workflow's folder where each runs, and in the user's cache how
// its training was asked for. A folder may be somebody else's, and arguments name programs that are run.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

const startSchema = z.union([
  z.object({
    /** The command line of its first attempt. */
    args: z.array(z.string()),
    /** Names of variables of the sender's environment that it was given. What is in them is kept nowhere. */
    carried: z.array(z.string()),
    /** The folder of its workflow on this machine, whose runs its results are among. */
    folder: z.string().nullable(),
  }),
  // Earlier versions kept the arguments alone.
  z.array(z.string()).transform((args) => ({ args, carried: [] as string[], folder: null })),
]);
export type Start = z.output<typeof startSchema>;

const ALLOW = '--allow-env';

/** The variables that arguments allow. */
export function allowedIn(args: readonly string[]): string[] {
  const at = args.indexOf(ALLOW);
  return at < 0 ? [] : args[at + 1]!.split(',');
}

/** Arguments that allow these variables, whatever they allowed before. */
export function allowing(args: readonly string[], names: readonly string[]): string[] {
  const at = args.indexOf(ALLOW);
  const rest = at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 2)];
  return names.length === 0 ? [...rest] : [...rest, ALLOW, names.join(',')];
}

export const notePlace = (folder: string, name: string): string =>
  join(folder, '.baton', 'jobs', `${name}.json`);
const startPlace = (name: string): string => join(cacheFolder(), 'jobs', `${name}.json`);

/** Note where a job runs, and keep how it is started, before anything of it is sent. */
export function noteJob(folder: string, name: string, note: Note, start: Omit<Start, 'folder'>): void {
  mkdirSync(join(folder, '.baton', 'jobs'), { recursive: true });
  writeFileSync(notePlace(folder, name), JSON.stringify(note));
  keepStart(name, { ...start, folder });
}

export function keepStart(name: string, start: Start): void {
  mkdirSync(join(cacheFolder(), 'jobs'), { recursive: true, mode: 0o700 });
  writeFileSync(startPlace(name), JSON.stringify(start), { mode: 0o600 });
}

/** Where a job of this folder runs, and how it was started; null where it was not sent from here. */
export function readNote(folder: string, name: string): Note | null {
  try {
    return noteSchema.parse(JSON.parse(readFileSync(notePlace(folder, name), 'utf8')));
  } catch {
    return null;
  }
}

/** How a job is started; null where it was not sent from this machine, or was removed from here. */
export function startOf(name: string): Start | null {
  try {
    return startSchema.parse(JSON.parse(readFileSync(startPlace(name), 'utf8')));
  } catch {
    return null;
  }
}

/** The folder that a job belongs to: the one in which one is, where it knows the job, else the one it was sent from. */
export function homeOf(name: string, here = process.cwd()): string {
  if (readNote(here, name) !== null) return here;
  const sent = startOf(name)?.folder;
  return sent && existsSync(sent) ? sent : here;
}

/** A job that was removed cannot be started again. */
export function forgetJob(folder: string, name: string): void {
  for (const path of [startPlace(name), notePlace(folder, name)]) rmSync(path, { force: true });
}
