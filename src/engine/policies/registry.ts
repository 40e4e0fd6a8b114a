// The policies that a folder's runs act with: `.baton/policies`. A version is a copy of trained weights with where they
// come from; `current.json` says which one each role acts with, one role at a time.
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { readJson, withLock, writeOwn } from '../../trace/index.js';
import { roleName, versionName } from '../protocol.js';
import { writeDurably } from '../server/store.js';
import { sha256 } from './hash.js';

const recordSchema = z.object({
  role: roleName,
  version: versionName,
  /** version that the role acted with before it was promoted; null: the base */
  parent: z.string().nullable(),
  engine: z.enum(['tfjs', 'torch']),
  /** base model (a path in the folder begins with ./), null for the one that ships, and the hash of its weights */
  base: z.object({ model: z.string().nullable(), hash: z.string() }),
  method: z.enum(['lora', 'full']),
  /** hash of the weights, as the engine computes it */
  hash: z.string(),
  files: z.record(z.string(), z.string()),
  /** the training run, its checkpoint, and a hash of the log that it was trained from */
  from: z.object({ run: z.string(), checkpoint: z.string(), policy: z.string(), data: z.string() }),
  /** the checkpoint's score on the select split */
  rank: z.number().nullable(),
  promoted: z.number(),
});

export type PolicyRecord = z.infer<typeof recordSchema>;

const currentSchema = z.record(
  roleName,
  z.object({
    version: versionName.nullable(),
    pinned: z.boolean(),
    /** versions it acted with before, oldest first; null: the base */
    history: z.array(versionName.nullable()),
  }),
);

type Current = z.infer<typeof currentSchema>;

/** What cannot be done with a policy, and what to do instead. */
export class PolicyProblem extends Error {
  override name = 'PolicyProblem';
}

export type Candidate = Omit<PolicyRecord, 'version' | 'parent' | 'files' | 'promoted'> & {
  /** folder of the trained version in the engine's state */
  folder: string;
};

/** Longer than a copy of large weights takes. */
const COPYING_MS = 600_000;

export class PolicyRegistry {
  constructor(readonly folder: string) {}

  /** The folder whose policies they are. */
  get home(): string {
    return dirname(dirname(this.folder));
  }

  private get currentFile(): string {
    return join(this.folder, 'current.json');
  }

  current(): Current {
    if (!existsSync(this.currentFile)) return {};
    return readJson(this.currentFile, currentSchema, 'what roles act with (promote them again)');
  }

  place(role: string, version: string): string {
    return join(this.folder, roleName.parse(role), versionName.parse(version));
  }

  /** All kept versions, oldest first. */
  list(): PolicyRecord[] {
    if (!existsSync(this.folder)) return [];
    const roles = readdirSync(this.folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return roles
      .flatMap(({ name }) =>
        readdirSync(join(this.folder, name))
          .filter((version) => !version.startsWith('.'))
          .map((version) => this.read(name, version)),
      )
      .sort((a, b) => a.promoted - b.promoted);
  }

  /** A version's record. Throws a PolicyProblem where its files are not those that were promoted. */
  read(role: string, version: string): PolicyRecord {
    const place = this.place(role, version);
    if (!existsSync(place))
      throw new PolicyProblem(`There is no policy ${role}@${version} in ${this.folder}.`);
    return readJson(join(place, 'policy.json'), recordSchema, 'the record of a policy (promote it again)');
  }

  /** Throws a PolicyProblem where a file of a version was changed or is gone. */
  verify({ role, version, files }: PolicyRecord): void {
    for (const [name, hash] of Object.entries(files)) {
      const path = join(this.place(role, version), name);
      if (!existsSync(path) || sha256(path) !== hash)
        throw new PolicyProblem(
          `${path} is not the file that was promoted; promote ${role} again, or roll it back.`,
        );
    }
  }

  /** Change what is kept while no other process does: of two roles promoted at once, one would be lost. */
  async alone<T>(work: () => T, makesFolder = false): Promise<T> {
    if (makesFolder) mkdirSync(this.folder, { recursive: true });
    else if (!existsSync(this.folder)) return work();
    return withLock(join(this.folder, 'current.lock'), async () => work(), COPYING_MS);
  }

  /** Keeps a copy of trained weights and makes the role act with it. Throws a PolicyProblem where it is pinned. */
  promote(candidate: Candidate): PolicyRecord {
    const { folder, ...known } = candidate;
    const all = this.current();
    const now = all[known.role] ?? { version: null, pinned: false, history: [] };
    if (now.pinned)
      throw new PolicyProblem(`${known.role} is pinned to ${now.version ?? 'its base'}; unpin it first.`);
    const own = this.list().filter((each) => each.role === known.role);
    const next = Math.max(0, ...own.map((each) => Number(each.version.slice(1)))) + 1;
    const version = `p${next}`;
    const working = join(this.folder, known.role, `.${version}`);
    rmSync(working, { recursive: true, force: true });
    const record: PolicyRecord = {
      ...{ ...known, version, parent: now.version },
      ...{ files: {}, promoted: Date.now() },
    };
    try {
      mkdirSync(working, { recursive: true });
      const names = readdirSync(folder).filter((name) => name !== 'optimizer.safetensors');
      for (const name of names) cpSync(join(folder, name), join(working, name));
      record.files = Object.fromEntries(names.map((name) => [name, sha256(join(working, name))]));
      writeDurably(join(working, 'policy.json'), JSON.stringify(record, null, 2));
      renameSync(working, this.place(known.role, version));
    } catch (error) {
      rmSync(working, { recursive: true, force: true });
      throw error;
    }
    this.write({ ...all, [known.role]: { ...now, version, history: [...now.history, now.version] } });
    return record;
  }

  /** Back to what the role acted with before. Returns that version; null is the base. */
  rollback(role: string): string | null {
    const all = this.current();
    const now = all[role];
    if (!now || now.history.length === 0)
      throw new PolicyProblem(
        `${role} has nothing to go back to: it acts with ${now?.version ?? 'its base'}.`,
      );
    if (now.pinned) throw new PolicyProblem(`${role} is pinned to ${now.version}; unpin it first.`);
    const version = now.history.at(-1)!;
    this.write({ ...all, [role]: { ...now, version, history: now.history.slice(0, -1) } });
    return version;
  }

  /** Holds a role at what it acts with, or lets it go. */
  pin(role: string, pinned: boolean): void {
    if (!roleName.safeParse(role).success)
      throw new PolicyProblem(
        `"${role}" is no name of a role: those are a letter, then letters, digits, _ or -.`,
      );
    const all = this.current();
    this.write({ ...all, [role]: { ...(all[role] ?? { version: null, history: [] }), pinned } });
  }

  /**
   * Removes versions that no role acts with or can go back to, and that no run refers to (`used`: `role@version`).
   * Returns what was removed, or would be.
   */
  collect(used: ReadonlySet<string>, dry: boolean): string[] {
    const held = new Set(used);
    for (const [role, { version, history }] of Object.entries(this.current()))
      for (const each of [version, ...history]) if (each !== null) held.add(`${role}@${each}`);
    const gone = this.list().filter(({ role, version }) => !held.has(`${role}@${version}`));
    if (!dry)
      for (const { role, version } of gone)
        rmSync(this.place(role, version), { recursive: true, force: true });
    return gone.map(({ role, version }) => `${role}@${version}`);
  }

  /** What these roles act with now, `role@version` by role; those that act with their base are left out. */
  acting(roles: readonly string[]): Record<string, string> {
    const current = this.current();
    return Object.fromEntries(
      roles.flatMap((role) => {
        const version = current[role]?.version;
        return version ? [[role, `${role}@${version}`]] : [];
      }),
    );
  }

  /**
   * Gives an engine's state folder these policies (`role@version`), verified, and returns a record that says which
   * engine and base they need; null where there are none. Throws a PolicyProblem where they need different ones.
   */
  serve(policies: Readonly<Record<string, string>>, state: string): PolicyRecord | null {
    const records = Object.values(policies).map((policy) => {
      const [role, version] = policy.split('@');
      return this.read(role!, version!);
    });
    const over = records[0] ?? null;
    const other = records.find(
      (each) =>
        each.base.hash !== over!.base.hash || each.engine !== over!.engine || each.method !== over!.method,
    );
    if (other)
      throw new PolicyProblem(
        `${over!.role} and ${other.role} were trained over different bases or methods, and one engine serves one: roll one of them back.`,
      );
    for (const record of records) {
      this.verify(record);
      const to = join(state, 'policies', record.role, record.version);
      mkdirSync(to, { recursive: true });
      for (const name of Object.keys(record.files))
        cpSync(join(this.place(record.role, record.version), name), join(to, name));
    }
    // An engine refuses a folder of another base than it came up over. One that ran there before has said which it is.
    const belongs = join(state, 'base.json');
    if (over && !existsSync(belongs))
      writeDurably(belongs, JSON.stringify({ base_hash: over.base.hash, method: over.method }));
    return over;
  }

  private write(current: Current): void {
    mkdirSync(this.folder, { recursive: true });
    const draft = `${this.currentFile}.draft`;
    writeOwn(draft, JSON.stringify(current, null, 2));
    renameSync(draft, this.currentFile);
  }
}

/**
 * The base that the promoted policies of a folder act over, where it was named at the command; undefined where none
 * was, and where the records cannot be read.
 */
export function promotedBase(home: string): string | undefined {
  const registry = new PolicyRegistry(join(home, '.baton', 'policies'));
  try {
    for (const [role, { version }] of Object.entries(registry.current()))
      if (version !== null) return registry.read(role, version).base.model ?? undefined;
  } catch {
    // Whoever acts with them says what is wrong.
  }
  return undefined;
}
