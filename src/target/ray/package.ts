// What a job runs from: one zip of the driver, the program, the workflow's files and the job's own description.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import type { Launch } from '../host.js';
import type { RayTarget } from '../targets.js';

export interface Package {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A zip whose bytes depend on the files alone, named by their hash. Paths are relative. */
export function zipOf(files: Readonly<Record<string, Uint8Array>>): Package {
  // The earliest time that a zip can hold, so that the same files give the same bytes.
  const at = new Date(1980, 0, 2);
  const entries: Zippable = {};
  for (const path of Object.keys(files).sort()) entries[path] = [files[path]!, { mtime: at, level: 6 }];
  const bytes = zipSync(entries);
  return { name: `_ray_pkg_${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}.zip`, bytes };
}

/** The Python that runs on the cluster, from a folder that holds `baton_ray`. */
export function driverFiles(source: string): Record<string, Uint8Array> {
  const names = readdirSync(join(source, 'baton_ray')).filter((name) => name.endsWith('.py'));
  return Object.fromEntries(
    names.map((name) => [`baton_ray/${name}`, readFileSync(join(source, 'baton_ray', name))]),
  );
}

/** The package of a training job. Holds no key: everybody who may ask the cluster can read it. */
export function jobPackage(job: Launch, target: RayTarget, source: string): Package {
  const files: Record<string, Uint8Array> = driverFiles(source);
  for (const [under, { folder, files: listed }] of [
    ['program', job.program],
    ['work', job.work],
  ] as const)
    for (const path of listed.keys()) files[`${under}/${path}`] = readFileSync(join(folder, path));
  const description = {
    name: job.name,
    folder: target.folder,
    node: target.node,
    train: job.args,
    engine: job.engine,
    engine_python: target.engine_python ?? null,
    workers: target.workers,
    roles: job.roles,
    engines: target.engines === 'role' ? 0 : target.engines,
    engine_cpus: target.engine_cpus,
    engine_gpus: target.engine_gpus,
  };
  files['job.json'] = Buffer.from(JSON.stringify(description));
  return zipOf(files);
}
