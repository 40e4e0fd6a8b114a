import type { Blobs } from '../bodies.js';
import type { FileChange } from '../events.js';
import { type GitObjects, gitAllows } from './git-objects.js';
import { type Scanned, WorkspaceScanner } from './scan.js';

/** What an action did to its workspace, as its event records it. */
export interface Recorded {
  wrote: FileChange[];
  deleted: string[];
  refused: Scanned['refused'];
  /** Folders of the workspace that no file's path tells of; absent where they are not known. */
  folders?: string[];
  /** The commit of this moment; null where nothing changed and nothing ever did. */
  commit: string | null;
}

/** Files of a workspace at one moment: path to content. */
export type WorkspaceState = Map<string, FileChange>;

/**
 * The history of one arm's workspace. The blobs are the durable copy; the commit in workspace.git is their view.
 * No change, no commit.
 */
export class WorkspaceHistory {
  private readonly scanner: WorkspaceScanner;
  private readonly tree = new Map<string, { blob: string; executable: boolean }>();
  readonly state: WorkspaceState = new Map();
  /** Folders that no file of the state tells of. */
  folders: string[] = [];
  commit: string | null = null;

  constructor(
    root: string,
    private readonly branch: string,
    private readonly blobs: Blobs,
    private readonly git: GitObjects,
  ) {
    this.scanner = new WorkspaceScanner(root);
  }

  /** Take what is there as the beginning (after a restore or a copy), on top of another arm's commit. */
  begin(parent: string | null): void {
    const { changed, folders } = this.scanner.scan();
    this.folders = folders;
    for (const file of changed) this.take(file.path, file.bytes, file.executable);
    this.commit = parent;
  }

  /** Record what changed since the last time. `message` is the action's id, `at` Unix milliseconds. */
  record(message: string, at: number): Recorded {
    const { changed, deleted, refused, folders } = this.scanner.scan();
    this.folders = folders;
    const wrote = changed.flatMap((file) => {
      const before = this.state.get(file.path);
      const now = this.take(file.path, file.bytes, file.executable);
      // A sandbox may change a file's owner, and with it its time: only other bytes are a change.
      return before?.sha256 === now.sha256 && before.executable === now.executable ? [] : [now];
    });
    for (const path of deleted) {
      this.state.delete(path);
      this.tree.delete(path);
    }
    if (wrote.length > 0 || deleted.length > 0) {
      const tree = this.git.tree(this.tree);
      this.commit = this.git.commit(tree, this.commit ? [this.commit] : [], message, at / 1000);
      this.git.branch(this.branch, this.commit);
    }
    return { wrote, deleted, refused, folders, commit: this.commit };
  }

  /** What was there of a file or folder when it was last recorded, and is not kept; null where nothing was. */
  unkept(path: string): { path: string; why: string } | null {
    return this.scanner.unkept(path);
  }

  private take(path: string, bytes: Buffer, executable: boolean): FileChange {
    const change: FileChange = { path, sha256: this.blobs.put(bytes), bytes: bytes.length, executable };
    this.state.set(path, change);
    if (gitAllows(path)) this.tree.set(path, { blob: this.git.blob(bytes), executable });
    return change;
  }
}
