import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { FileProblem } from '../json-file.js';
import { writeOwn } from '../own-file.js';

/**
 * Writes loose objects and refs of a bare repository directly: a commit costs a few small files instead of two
 * processes. Formats: git's own documentation (gitformat-loose, git-mktree, git-commit-tree).
 */
export class GitObjects {
  private readonly known = new Set<string>();
  private next = 0;
  constructor(private readonly folder: string) {}

  /** Lay the repository down where it is not there yet. */
  create(): void {
    if (lstatSync(this.folder, { throwIfNoEntry: false })?.isSymbolicLink())
      throw new FileProblem(`${this.folder} is a link: a run has a history of its own. Remove it to go on.`);
    if (existsSync(join(this.folder, 'HEAD'))) return;
    for (const part of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags'])
      mkdirSync(join(this.folder, part), { recursive: true, mode: 0o700 });
    writeOwn(
      join(this.folder, 'config'),
      '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n',
    );
    writeOwn(join(this.folder, 'HEAD'), 'ref: refs/heads/main\n');
  }

  blob(bytes: Buffer): string {
    return this.put('blob', bytes);
  }

  /** A tree of files by path ("a/b.txt"), folders included. Paths must have passed `gitAllows`. */
  tree(files: ReadonlyMap<string, { blob: string; executable: boolean }>): string {
    const root: Folder = { files: new Map(), folders: new Map() };
    for (const [path, file] of files) {
      const parts = path.split('/');
      let folder = root;
      for (const part of parts.slice(0, -1)) {
        const inner: Folder = folder.folders.get(part) ?? { files: new Map(), folders: new Map() };
        folder.folders.set(part, inner);
        folder = inner;
      }
      folder.files.set(parts.at(-1)!, file);
    }
    return this.folderTree(root);
  }

  /** A commit; `at` in Unix seconds, so that the same history gives the same hashes. */
  commit(tree: string, parents: string[], message: string, at: number): string {
    const who = `Baton <baton@localhost> ${Math.floor(at)} +0000`;
    const lines = [
      `tree ${tree}`,
      ...parents.map((parent) => `parent ${parent}`),
      `author ${who}`,
      `committer ${who}`,
      '',
      message,
      '',
    ];
    return this.put('commit', Buffer.from(lines.join('\n')));
  }

  /**
   * Move a branch. An old name is written over where it stands, since a file system may wait for the disk where a file
   * is replaced; a link in its place is replaced.
   */
  branch(name: string, commit: string): void {
    const path = join(this.folder, 'refs', 'heads', name);
    const line = `${commit}\n`;
    try {
      const file = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW);
      try {
        writeSync(file, line, 0);
      } finally {
        closeSync(file);
      }
    } catch {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const draft = `${path}.${process.pid}.${this.next++}.lock`;
      writeOwn(draft, line);
      renameSync(draft, path);
    }
  }

  private folderTree(folder: Folder): string {
    const entries = [
      ...[...folder.files].map(([name, { blob, executable }]) => ({
        name,
        sort: name,
        mode: executable ? '100755' : '100644',
        hash: blob,
      })),
      ...[...folder.folders].map(([name, inner]) => ({
        name,
        sort: `${name}/`,
        mode: '40000',
        hash: this.folderTree(inner),
      })),
    ].sort((a, b) => Buffer.compare(Buffer.from(a.sort), Buffer.from(b.sort)));
    return this.put(
      'tree',
      Buffer.concat(
        entries.map(({ name, mode, hash }) =>
          Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(hash, 'hex')]),
        ),
      ),
    );
  }

  private put(type: string, body: Buffer): string {
    const bytes = Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body]);
    const hash = createHash('sha1').update(bytes).digest('hex');
    if (this.known.has(hash)) return hash;
    const path = join(this.folder, 'objects', hash.slice(0, 2), hash.slice(2));
    if (!existsSync(path)) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const draft = `${path}.${process.pid}.${this.next++}`;
      writeOwn(draft, deflateSync(bytes, { level: 1 }), { mode: 0o400 });
      renameSync(draft, path);
    }
    this.known.add(hash);
    return hash;
  }
}

interface Folder {
  files: Map<string, { blob: string; executable: boolean }>;
  folders: Map<string, Folder>;
}

/** Whether git would keep a path in a tree on every system; what it refuses stays in the log alone. */
export function gitAllows(path: string): boolean {
  return path.split('/').every((part) => {
    const bare = part
      .replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '')
      .replace(/(:.*|[. ]+)$/, '')
      .toLowerCase();
    return (
      part !== '' &&
      part !== '.' &&
      part !== '..' &&
      bare !== '.git' &&
      bare !== 'git~1' &&
      !part.includes('\\')
    );
  });
}
