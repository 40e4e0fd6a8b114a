import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SimpleGit, simpleGit } from 'simple-git';

/** simple-git guards what could come from outside; these are set by us alone. */
const OURS = [
  'GIT_DIR',
  'GIT_OBJECT_DIRECTORY',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CONFIG_GLOBAL',
  'GIT_ATTR_NOSYSTEM',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_OPTIONAL_LOCKS',
  'GIT_TERMINAL_PROMPT',
];

/**
 * Reads a run's workspace.git without trusting it: git runs in a repository of our own (our config, no hooks, no
 * attributes, no worktree) that borrows only the object store, and only through `cat-file`, `ls-tree` and `fsck`.
 */
export class GitView {
  private readonly home: string;
  private readonly git: SimpleGit;

  constructor(folder: string) {
    const objects = join(folder, 'objects');
    for (const name of ['info/alternates', 'info/http-alternates'])
      if (existsSync(join(objects, name)))
        throw new Error(
          `${join(objects, name)} points to other repositories; a run's history has none, so it is not read.`,
        );
    this.home = mkdtempSync(join(tmpdir(), 'baton-git-'));
    for (const part of ['objects', 'refs']) mkdirSync(join(this.home, part));
    writeFileSync(join(this.home, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n');
    writeFileSync(join(this.home, 'HEAD'), 'ref: refs/heads/none\n');
    this.git = simpleGit({
      baseDir: this.home,
      timeout: { block: 30_000 },
      unsafe: { allowUnsafeConfigPaths: true },
      allowEnvironment: OURS,
    }).env({
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      HOME: this.home,
      LC_ALL: 'C',
      GIT_DIR: this.home,
      GIT_OBJECT_DIRECTORY: objects,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_ATTR_NOSYSTEM: '1',
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_OPTIONAL_LOCKS: '0',
      GIT_TERMINAL_PROMPT: '0',
    });
  }

  /** Paths in a commit. */
  async list(commit: string): Promise<string[]> {
    const out = await this.git.raw(['ls-tree', '-r', '-z', '--name-only', hash(commit)]);
    return out.split('\0').filter((path) => path !== '');
  }

  /** The message of a commit: the action's id. */
  async message(commit: string): Promise<string> {
    const out = await this.git.raw(['cat-file', 'commit', hash(commit)]);
    return out.slice(out.indexOf('\n\n') + 2).trimEnd();
  }

  /** A file's bytes at a commit. */
  async show(commit: string, path: string): Promise<Buffer> {
    return Buffer.from(await this.git.binaryCatFile(['blob', `${hash(commit)}:${path}`]));
  }

  /** Check that a commit and all it reaches is whole; throws with git's words where it is not. */
  async verify(commit: string): Promise<void> {
    await this.git.raw(['fsck', '--no-dangling', '--no-reflogs', hash(commit)]);
  }

  close(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

function hash(commit: string): string {
  if (!/^[0-9a-f]{40}$/.test(commit)) throw new Error(`"${commit.slice(0, 60)}" is not a commit of a run.`);
  return commit;
}
