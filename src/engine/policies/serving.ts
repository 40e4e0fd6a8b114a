// Which policies are served just now: each endpoint has a file in `.baton/serving` for as long as it lives.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { lockOwner, processStart } from '../../trace/index.js';
import { roleName } from '../protocol.js';

const servedSchema = z.object({
  role: roleName,
  /** `role@version`, as the endpoint calls its model */
  policy: z.string(),
  /** the checkpoint that the weights are of; null: the base */
  from: z.object({ run: z.string(), checkpoint: z.string() }).nullable(),
  /** where it answers; the key to it is written nowhere */
  base_url: z.url(),
});

export type ServedPolicy = z.infer<typeof servedSchema>;

const placeIn = (folder: string) => join(folder, '.baton', 'serving');

/** Tells that this process serves a policy of a folder, until what is returned is called or the process is gone. */
export function announceServed(folder: string, served: ServedPolicy): () => void {
  const place = placeIn(folder);
  mkdirSync(place, { recursive: true });
  for (const name of readdirSync(place))
    if (name.endsWith('.json') && !lockOwner(join(place, name))) rmSync(join(place, name), { force: true });
  const owner = { pid: process.pid, started: processStart(process.pid) ?? '', host: hostname() };
  const file = join(place, `${process.pid}.json`);
  writeFileSync(file, JSON.stringify({ ...owner, ...served }), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** The policies of a folder that a process of this machine serves now. What is not one of these files is passed over. */
export function servedOf(folder: string): ServedPolicy[] {
  const place = placeIn(folder);
  let names: string[];
  try {
    names = readdirSync(place).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
  return names.sort().flatMap((name) => {
    const file = join(place, name);
    if (lockOwner(file)?.host !== hostname()) return [];
    try {
      return [servedSchema.parse(JSON.parse(readFileSync(file, 'utf8')))];
    } catch {
      return [];
    }
  });
}
