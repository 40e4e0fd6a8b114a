// What of a workflow's folder goes to another machine: its files, and what its links show. History, caches, programs of
// this machine and keys stay.
import { closeSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isSafePath, type Manifest, sha256Of } from './manifest.js';

/** Something of the folder that does not go with it, though its name says nothing of that. */
export interface Left {
  path: string;
  why:
    | 'a private key'
    | 'not to be read by you'
    | 'a link that leads outside the folder'
    | 'a link to what stays'
    | 'a link to nothing'
    | 'a link that leads back to itself';
}

export interface Cargo {
  files: Manifest;
  left: readonly Left[];
}

const atTop = new Set(['.baton', '.git', '.cache', '.config', '.local']);
const anywhere = new Set([
  ...['node_modules', '.venv', 'venv', '__pycache__', '.env'],
  ...['.ssh', '.aws', '.gnupg', '.kube', '.docker', '.azure', '.oci', '.gcloud', '.password-store'],
  ...['.netrc', '_netrc', '.git-credentials', '.npmrc', '.yarnrc', '.pypirc', '.pgpass', '.my.cnf'],
  ...['.dockercfg', '.boto', '.s3cfg', '.vault-token', '.htpasswd'],
]);
const keyFile = /^(\.env\..+|id_(rsa|dsa|ecdsa|ed25519)(_sk)?|.+\.(pem|ppk|p12|pfx|jks|keystore|kdbx))$/i;

/** Whether a file or folder stays on the machine that it is on, by what it is called. */
export function staysByName(path: string): boolean {
  const parts = path.split('/');
  return atTop.has(parts[0]!) || parts.some((part) => anywhere.has(part) || keyFile.test(part));
}

/** A key may be called anything. */
function holdsKey(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(64);
    readSync(file, head, 0, head.length, 0);
    return /^(-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY|PuTTY-User-Key-File)/.test(head.toString('latin1'));
  } finally {
    closeSync(file);
  }
}

/** Throws where a name could not be sent as a line. */
export async function cargoOf(folder: string): Promise<Cargo> {
  const walk = new Walk(realpathSync(folder));
  walk.enter('', '', ['']);
  const files = new Map<string, string>();
  for (const path of walk.files.sort()) {
    if (!isSafePath(path)) throw new Error(`${join(folder, path)} has a name that cannot travel; rename it`);
    const key = walk.mayRead(path, () => holdsKey(join(folder, path)));
    if (key === false) files.set(path, await sha256Of(join(folder, path)));
    if (key) walk.left.push({ path, why: 'a private key' });
  }
  return { files, left: walk.left };
}

function whyLeft(real: string | null, shown: readonly string[]): Left['why'] | null {
  if (real === null) return 'a link to nothing';
  if (real === '..' || real.startsWith('../')) return 'a link that leads outside the folder';
  if (staysByName(real)) return 'a link to what stays';
  return shown.includes(real) ? 'a link that leads back to itself' : null;
}

class Walk {
  readonly files: string[] = [];
  readonly left: Left[] = [];
  constructor(private readonly root: string) {}

  /** `real`: where the folder is that `path` shows; `shown`: the folders that are on the way there, and it. */
  enter(path: string, real: string, shown: readonly string[]): void {
    const entries = () => readdirSync(join(this.root, real), { withFileTypes: true });
    for (const entry of this.mayRead(path, entries) ?? []) {
      const inner = path ? `${path}/${entry.name}` : entry.name;
      const at = real ? `${real}/${entry.name}` : entry.name;
      if (staysByName(inner)) continue;
      if (entry.isSymbolicLink()) this.follow(inner, at, shown);
      if (entry.isDirectory()) this.enter(inner, at, [...shown, at]);
      if (entry.isFile()) this.files.push(inner);
    }
  }

  /** What a link inside the folder shows goes as a file or folder of its own. */
  private follow(path: string, at: string, shown: readonly string[]): void {
    const real = this.target(at);
    const why = whyLeft(real, shown);
    if (why !== null) this.left.push({ path, why });
    if (why !== null || real === null) return;
    const kind = statSync(join(this.root, real));
    if (kind.isDirectory()) this.enter(path, real, [...shown, real]);
    if (kind.isFile()) this.files.push(path);
  }

  /** Where a link leads, from the folder on; null where that is nowhere. */
  private target(at: string): string | null {
    try {
      return relative(this.root, realpathSync(join(this.root, at)));
    } catch {
      return null;
    }
  }

  /** What is nobody's to read here is not read by what runs here either. */
  mayRead<T>(path: string, read: () => T): T | null {
    try {
      return read();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
      this.left.push({ path, why: 'not to be read by you' });
      return null;
    }
  }
}
