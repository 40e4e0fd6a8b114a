import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { exclusively, readJson } from '../trace/index.js';
import { originOf, readReference } from '../workflow/index.js';

/** The user's own settings: secrets and targets. Never a workflow's folder. */
export function configFolder(): string {
  return join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'baton');
}

/** Keys by name and origin. */
export type HandedKeys = Record<string, Record<string, string>>;

const originsSchema = z.record(z.string(), z.string());
// Name by name, into a store without a prototype: __proto__ is a name like any other, which a record would leave out.
const storeSchema = z
  .custom<object>(isMapping, 'It must be a mapping of names.')
  .transform((given, { addIssue }): HandedKeys => {
    const store = Object.create(null) as HandedKeys;
    for (const [name, keys] of Object.entries(given)) {
      const own = originsSchema.safeParse(keys);
      if (own.success) store[name] = own.data;
      else
        for (const { path, message } of own.error.issues)
          addIssue({ code: 'custom', path: [name, ...path], message });
    }
    return store;
  });

function isMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keys as they are written: a mapping of names to origins to keys. Throws where it is something else. */
export function parseKeys(json: string): HandedKeys {
  return storeSchema.parse(JSON.parse(json));
}

const CARRIED = 'BATON_CARRIED_KEYS';

/** The environment that hands keys to a process on another machine, where no key is ever stored. */
export function carriedEnvironment(keys: HandedKeys): Record<string, string> {
  return { [CARRIED]: JSON.stringify(keys) };
}

/** Takes handed keys out of an environment, so that no child inherits them. Throws where they do not parse. */
export function takeCarried(env: NodeJS.ProcessEnv): HandedKeys {
  const text = env[CARRIED];
  delete env[CARRIED];
  return text === undefined ? {} : storeSchema.parse(JSON.parse(text));
}

/** The user's secrets, each stored for one origin (scheme, host, port). The file is the user's alone. */
export class SecretFile {
  /** `handed`: keys that whoever started this process gave it, by name and origin; they go before the file's. */
  constructor(
    readonly path: string,
    private readonly handed: HandedKeys = {},
  ) {}

  get(name: string, origin: string): string | undefined {
    if (Object.hasOwn(this.handed, name) && Object.hasOwn(this.handed[name]!, origin))
      return this.handed[name]![origin];
    const store = this.read();
    return Object.hasOwn(store, name) && Object.hasOwn(store[name]!, origin)
      ? store[name]![origin]
      : undefined;
  }

  /** The origins a secret is stored for. */
  origins(name: string): string[] {
    const store = this.read();
    return [
      ...new Set(
        [this.handed, store].flatMap((keys) => (Object.hasOwn(keys, name) ? Object.keys(keys[name]!) : [])),
      ),
    ];
  }

  /** Which secrets are stored, and for which origins; no key. */
  list(): { name: string; origins: string[] }[] {
    return Object.entries(this.read()).map(([name, keys]) => ({ name, origins: Object.keys(keys) }));
  }

  set(name: string, url: string, value: string): void {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    exclusively(this.path, () => {
      const store = this.read();
      store[name] = { ...store[name], [originOf(url)]: value };
      this.write(store);
    });
  }

  delete(name: string): boolean {
    if (!existsSync(this.path)) return false;
    return exclusively(this.path, () => {
      const store = this.read();
      const had = Object.hasOwn(store, name);
      delete store[name];
      if (had) this.write(store);
      return had;
    });
  }

  private read(): HandedKeys {
    if (!existsSync(this.path)) return Object.create(null) as HandedKeys;
    return readJson(this.path, storeSchema, "a file of Baton's secrets (move it away and set them again)");
  }

  private write(store: HandedKeys): void {
    writeFileSync(`${this.path}.draft`, JSON.stringify(store, null, 2), { mode: 0o600 });
    chmodSync(`${this.path}.draft`, 0o600);
    renameSync(`${this.path}.draft`, this.path);
  }
}

export interface KeySources {
  secrets: SecretFile;
  env: Readonly<Record<string, string | undefined>>;
  allowEnv: readonly string[];
}

/** What a server says, without the key that it was sent: it would be logged and shown. */
export function withoutKey(text: string, key: string | null): string {
  return key ? text.replaceAll(key, '[key]') : text;
}

/** The key a reference stands for, for this server only; or a sentence saying how to provide it. */
export function resolveKey(
  reference: string,
  url: string,
  sources: KeySources,
): { key: string } | { missing: string } {
  const read = readReference(reference);
  if (!read) return { missing: 'A key must be a reference, "${secret:NAME}" or "${env:BATON_NAME}".' };
  if (read.from === 'env') {
    if (!read.name.startsWith('BATON_') && !sources.allowEnv.includes(read.name))
      return {
        missing: `The environment variable ${read.name} is not allowed; pass --allow-env ${read.name} to allow it.`,
      };
    const key = sources.env[read.name];
    return key ? { key } : { missing: `The environment variable ${read.name} is not set.` };
  }
  const origin = originOf(url);
  const key = sources.secrets.get(read.name, origin);
  if (key !== undefined) return { key };
  const elsewhere = sources.secrets.origins(read.name);
  const note =
    elsewhere.length > 0 ? ` It is stored for ${elsewhere.join(', ')}, and goes nowhere else.` : '';
  return {
    missing: `No secret ${read.name} is stored for ${origin}.${note} Run: baton secret set ${read.name} --for ${origin}`,
  };
}
