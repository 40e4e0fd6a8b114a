// Results from there. What somebody changed here since it was fetched is never written over: which files are as they
// came is known from `fetched.json` beside them.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Listed, sha256Of } from './manifest.js';
import { Receiver } from './receive.js';

/** A machine with files. */
export interface Source {
  /** Every file of a folder there. */
  list(folder: string): Promise<Listed[]>;
  /** For each file "size, newline, bytes", in this order. Rejects with what `take` throws. */
  read(folder: string, files: readonly Listed[], take: (chunk: Buffer) => void): Promise<void>;
}

export interface Fetched {
  came: number;
  /** Files that are newer here. */
  kept: string[];
}

/** A file went on here and there: neither is written over. */
export class Diverged extends Error {
  constructor(folder: string, paths: readonly string[]) {
    const more = paths.length > 1 ? ` and ${paths.length - 1} more` : '';
    super(
      `${folder} is not fetched: ${paths[0]}${more} changed there, and here as well since it was last fetched. To have both, move the folder away and fetch again.`,
    );
    this.name = 'Diverged';
  }
}

const FETCHED = 'fetched.json';
/** How often a folder is read in which files change. */
const ROUNDS = 2;
/** What belongs to the machine that it lies on: who works there, caches, what an engine said, unfinished files. */
const STAYS = /^(index\/.*|control\.json|engine\.(log|err)|fetched\.json)$|\.(lock|taking|part|fetching)$/;

/** Hashes that a file had there when it was fetched: the last one, and the one before where that may not have come. */
const knownSchema = z.record(z.string(), z.array(z.string()));
type Known = z.infer<typeof knownSchema>;

/**
 * Brings a folder's files here: what is absent, and what changed there and is as it came here. Rejects with a Diverged,
 * before anything is written, where a file changed on both sides.
 */
export async function bring(there: Source, from: string, to: string): Promise<Fetched> {
  let came = 0;
  let changed: readonly string[] = [];
  for (let round = 0; ; round++) {
    const listed = await there.list(from);
    // What was made and removed meanwhile is nothing that is lacking.
    const [missed] = listed.filter(({ path }) => changed.includes(path));
    const { wanted, kept } = await agree(listed, to);
    if (wanted.length === 0 || (round === ROUNDS && !missed)) return { came, kept };
    if (round === ROUNDS)
      throw new Error(
        `${missed!.path} changed while it was read; all else is here and whole. Fetch again in a while.`,
      );
    const receiver = new Receiver(to, wanted);
    await there.read(from, wanted, (chunk) => receiver.take(chunk)).finally(() => receiver.drop());
    receiver.end();
    changed = receiver.changed;
    came += wanted.length - changed.length;
    if (changed.length === 0) return { came, kept };
  }
}

/** Which of the listed files are to come, and which stay as they are here. Notes it before anything comes. */
async function agree(listed: readonly Listed[], to: string): Promise<{ wanted: Listed[]; kept: string[] }> {
  const known = readKnown(to);
  const [wanted, kept, both]: [Listed[], string[], string[]] = [[], [], []];
  for (const file of listed) {
    const { path, hash } = file;
    if (STAYS.test(path)) continue;
    const own = join(to, path);
    const here = existsSync(own) ? await sha256Of(own) : hash;
    const before = known[path] ?? [];
    if (here === hash || before.includes(here)) {
      known[path] = [...new Set([hash, here])];
      if (here !== hash || !existsSync(own)) wanted.push(file);
    } else if (before.includes(hash)) kept.push(path);
    else both.push(path);
  }
  if (both.length > 0) throw new Diverged(to, both);
  if (listed.length > 0) writeKnown(to, known);
  return { wanted, kept };
}

function readKnown(folder: string): Known {
  try {
    return knownSchema.parse(JSON.parse(readFileSync(join(folder, FETCHED), 'utf8')));
  } catch {
    return {};
  }
}

function writeKnown(folder: string, known: Known): void {
  mkdirSync(folder, { recursive: true });
  const part = join(folder, `${FETCHED}.${process.pid}.part`);
  writeFileSync(part, JSON.stringify(known), { mode: 0o600 });
  renameSync(part, join(folder, FETCHED));
}
