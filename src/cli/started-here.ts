import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { RunFolder } from '../trace/index.js';
import { cacheFolder } from './places.js';

const chosenSchema = z.object({
  /** `none`: the user gave up confinement on purpose. */
  sandbox: z.string(),
  /** The Python that agents use, and the one that the torch engine uses; null: the usual one. */
  python: z.string().nullable(),
  enginePython: z.string().nullable(),
});
export type Chosen = z.infer<typeof chosenSchema>;

const usual: Chosen = { sandbox: 'auto', python: null, enginePython: null };

/** Keep what the user chose for a run that starts now, where only this user writes. */
export function rememberStart(folder: RunFolder, chosen: Chosen): void {
  if (JSON.stringify(chosen) === JSON.stringify(usual)) return;
  const path = placeOf(folder);
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(path, JSON.stringify(chosen), { mode: 0o600 });
}

/**
 * With which confinement and interpreters a run goes on: as it was started, where this user started it here. A run's
 * folder may be somebody else's: what it says of them runs on the host and is not followed; `unsaid` names it then.
 * `given`: flags of now, which count before everything.
 */
export function chosenFor(
  folder: RunFolder,
  given: { [K in keyof Chosen]?: string | undefined } = {},
): Chosen & { unsaid: string[] } {
  const info = folder.readInfo();
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  const said: Chosen = {
    sandbox: info.sandbox.level === 'none' ? 'none' : 'auto',
    python: text(info.options.python),
    enginePython: text(info.options.enginePython),
  };
  const kept = read(folder);
  const own = <K extends keyof Chosen>(key: K): Chosen[K] | string =>
    given[key] ?? (kept[key] === said[key] ? said[key] : usual[key]);
  const found = { sandbox: own('sandbox'), python: own('python'), enginePython: own('enginePython') };
  const flags = { sandbox: '--sandbox', python: '--python', enginePython: '--engine-python' } as const;
  const unsaid = (Object.keys(flags) as (keyof Chosen)[])
    .filter((key) => given[key] === undefined && found[key] !== said[key])
    .map((key) => `${flags[key]} ${said[key]}`);
  return { ...found, unsaid };
}

/** What a command says of choices that it does not follow; null where it follows all. */
export function unsaidWords({ unsaid }: { unsaid: string[] }): string | null {
  return unsaid.length === 0
    ? null
    : `The run's folder says ${unsaid.join(' and ')}; you did not start it here, so that is not followed.`;
}

function read(folder: RunFolder): Chosen {
  try {
    return chosenSchema.parse(JSON.parse(readFileSync(placeOf(folder), 'utf8')));
  } catch {
    return usual;
  }
}

function placeOf(folder: RunFolder): string {
  const name = createHash('sha256').update(realpathSync(folder.path)).digest('hex').slice(0, 32);
  return join(cacheFolder(), 'started', `${name}.json`);
}
