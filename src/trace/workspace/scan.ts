import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
} from 'node:fs';
import { join } from 'node:path';

/** What a file looked like when it was last seen. An agent can set times back, but not the time of change. */
interface Seen {
  size: bigint;
  ctime: bigint;
  ino: bigint;
  executable: boolean;
}

export interface Scanned {
  /** Files that are new or changed since the last scan, with their bytes. */
  changed: { path: string; bytes: Buffer; executable: boolean }[];
  deleted: string[];
  /** What is no plain file, or is too large to keep: never read, only named. */
  refused: { path: string; why: string }[];
  /** Folders in which nothing is kept, in no folder of theirs either: no file's path tells of them. */
  folders: string[];
}

const MAX_FILE = 64 << 20;
const MAX_ENTRIES = 20_000;
/** Why what comes after the most entries is not kept. The action that is logged with it made them too many. */
export const OVERFULL = `more than ${MAX_ENTRIES} files; the rest is not kept`;
const MAX_DEPTH = 40;
/** More folders without a file than anybody means to hand on. */
const MAX_FOLDERS = 1000;
/** Characters of a folder's path that can be made again wherever a workspace lies. */
const MAX_FOLDER_PATH = 1000;

/** Looks at a workspace after each action and finds what the action changed. Follows no link. */
export class WorkspaceScanner {
  private seen = new Map<string, Seen>();
  /** What the last scan did not keep, and why. */
  private refused = new Map<string, string>();
  /** The first path that the last scan did not come to, and none after it; null where it came to the end. */
  private cut: string | null = null;
  constructor(private readonly root: string) {}

  scan(): Scanned {
    const out: Scanned = { changed: [], deleted: [], refused: [], folders: [] };
    const now = new Map<string, Seen>();
    const refused = new Map<string, string>();
    const wasCut = this.cut !== null;
    this.cut = null;
    const refuse = (path: string, why: string) => {
      refused.set(path, why);
      if (!this.refused.has(path)) out.refused.push({ path, why });
    };
    let entries = 0;
    const walk = (folder: string, depth: number): void => {
      const before = now.size + out.folders.length;
      list(folder, depth);
      const told = now.size + out.folders.length > before;
      if (told || folder === '' || folder.length > MAX_FOLDER_PATH) return;
      if (out.folders.length < MAX_FOLDERS) out.folders.push(folder);
    };
    const list = (folder: string, depth: number) => {
      const names = readNames(join(this.root, folder));
      if (names === undefined) return refuse(folder, 'it cannot be listed');
      for (const name of names) {
        const path = folder === '' ? name.text : `${folder}/${name.text}`;
        entries += 1;
        if (entries > MAX_ENTRIES) {
          if (this.cut !== null) return;
          this.cut = path;
          refused.set(path, OVERFULL);
          if (!wasCut) out.refused.push({ path, why: OVERFULL });
          return;
        }
        if (!name.plain) {
          refuse(path, 'its name is not valid UTF-8');
          continue;
        }
        const full = join(this.root, path);
        const stat = look(full);
        if (stat === undefined) continue;
        if (stat === null) {
          refuse(path, 'it cannot be looked at');
          continue;
        }
        if (stat.isDirectory()) {
          if (depth >= MAX_DEPTH) refuse(path, `folders are nested more than ${MAX_DEPTH} deep`);
          else walk(path, depth + 1);
          continue;
        }
        const why = refusal(stat);
        if (why) {
          refuse(path, why);
          continue;
        }
        const seen: Seen = {
          size: stat.size,
          ctime: stat.ctimeNs,
          ino: stat.ino,
          executable: (stat.mode & 0o100n) !== 0n,
        };
        now.set(path, seen);
        const before = this.seen.get(path);
        if (before && before.size === seen.size && before.ctime === seen.ctime && before.ino === seen.ino)
          continue;
        const bytes = readPlain(full);
        if (bytes) out.changed.push({ path, bytes, executable: seen.executable });
        else {
          now.delete(path);
          refuse(path, 'it changed while it was read');
        }
      }
    };
    walk('', 0);
    for (const path of this.seen.keys()) if (!now.has(path)) out.deleted.push(path);
    this.seen = now;
    this.refused = refused;
    return out;
  }

  /** What the last scan did not keep of a file, or in a folder, and why; null where all of it was kept. */
  unkept(path: string): { path: string; why: string } | null {
    const around = (outer: string, inner: string) => inner === outer || inner.startsWith(`${outer}/`);
    for (const [each, why] of this.refused)
      if (around(path, each) || around(each, path)) return { path: each, why };
    return this.cut === null || comesBefore(path, this.cut) ? null : { path, why: OVERFULL };
  }
}

/** Whether a scan comes to a path before another, of which it is no part. */
function comesBefore(path: string, other: string): boolean {
  const [parts, others] = [path.split('/'), other.split('/')];
  const at = parts.findIndex((part, index) => part !== others[index]);
  return at >= 0 && at < others.length && parts[at]! < others[at]!;
}

/** Undefined where nothing is there any more, null where the path is too long or lies in a closed folder. */
function look(path: string): BigIntStats | undefined | null {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return null;
  }
}

/** Undefined where the folder cannot be listed. */
function readNames(folder: string): { text: string; plain: boolean }[] | undefined {
  try {
    return readdirSync(folder, { encoding: 'buffer' })
      .map((raw) => ({ text: raw.toString('utf8'), raw }))
      .map(({ text, raw }) => ({ text, plain: Buffer.from(text).equals(raw) }))
      .sort((a, b) => (a.text < b.text ? -1 : 1));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : undefined;
  }
}

function refusal(file: BigIntStats): string | undefined {
  if (file.isSymbolicLink()) return 'it is a symbolic link';
  if (!file.isFile()) return 'it is not a plain file';
  if (file.nlink > 1n) return 'it is a hard link';
  if (file.size > BigInt(MAX_FILE)) return `it has ${file.size} bytes; ${MAX_FILE} is the most that is kept`;
  return undefined;
}

function readPlain(path: string): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.nlink > 1 || stat.size > MAX_FILE) return undefined;
    const bytes = Buffer.alloc(stat.size);
    let at = 0;
    while (at < bytes.length) {
      const read = readSync(file, bytes, at, bytes.length - at, at);
      if (read === 0) break;
      at += read;
    }
    return bytes.subarray(0, at);
  } finally {
    closeSync(file);
  }
}
