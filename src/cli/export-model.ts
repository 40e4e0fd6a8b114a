import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { mergeAdapter, PolicyProblem, type PolicyRecord, type PolicyRegistry } from '../engine/index.js';
import { choiceOf, torchPython } from './engine.js';
import { shipped } from './places.js';
import { exit, Failure, type Terminal } from './terminal.js';

export interface ExportHow {
  merged?: boolean;
  base?: string;
  enginePython?: string;
}

/** `baton export-model`: the weights that a role acts with, in a folder of their own that other programs load. */
export async function exportModel(
  out: Terminal,
  registry: PolicyRegistry,
  role: string,
  folder: string,
  how: ExportHow,
): Promise<void> {
  const version = registry.current()[role]?.version;
  if (!version) throw new PolicyProblem(`${role} acts with its base; promote a trained version first.`);
  const record = registry.read(role, version);
  registry.verify(record);
  const to = resolve(folder);
  if (existsSync(to) && readdirSync(to).length > 0)
    throw new PolicyProblem(`${to} is not empty; name another folder.`);
  const from = registry.place(role, version);
  const base = baseFor(record, registry.home, how);
  const adapter = record.method === 'lora';
  const merged = adapter && how.merged === true;
  if (merged) await merge(await torchPython(how), { base, adapter: from, folder: to });
  else copy(record, from, base, to);
  if (adapter && !merged) nameBase(join(to, 'adapter_config.json'), base);
  out.emit({ role, version, folder: to, method: record.method, merged });
  const what = merged ? `, merged into ${base}` : adapter ? `, an adapter over ${base}` : '';
  out.say(`${role}@${version} is in ${to}${what}.`);
}

/** The base that the weights are over: a path from / on, or what the hub calls it. */
function baseFor(record: PolicyRecord, home: string, { base: given }: ExportHow): string {
  const { base = shipped('media/base') } = choiceOf(record, home, { given });
  return existsSync(base) ? resolve(base) : base;
}

/** Other programs load the base from where the adapter says that it is, which was true where it was trained. */
function nameBase(path: string, base: string): void {
  const config = JSON.parse(readFileSync(path, 'utf8')) as object;
  // They know the folder of a GGUF file.
  const named = base.endsWith('.gguf') ? dirname(base) : base;
  writeFileSync(path, JSON.stringify({ ...config, base_model_name_or_path: named }, null, 2));
}

/** The files of a version; with whole weights also what describes them, so that the folder is a model. */
function copy(record: PolicyRecord, from: string, base: string, to: string): void {
  mkdirSync(to, { recursive: true });
  if (record.method === 'full' && existsSync(join(base, 'config.json')))
    for (const name of readdirSync(base).filter((file) => /\.json$|\.jinja$/.test(file)))
      cpSync(join(base, name), join(to, name));
  for (const name of Object.keys(record.files))
    if (name !== 'made.json') cpSync(join(from, name), join(to, name));
}

async function merge(python: string, what: { base: string; adapter: string; folder: string }): Promise<void> {
  // An empty folder of that name gives way to the one that appears whole.
  if (existsSync(what.folder)) rmdirSync(what.folder);
  await mergeAdapter(python, what).catch((error: Error) => {
    throw new Failure(
      'export.failed',
      `The adapter ${what.adapter} and its base ${what.base} could not be merged: ${error.message}`,
      exit.environment,
    );
  });
}
