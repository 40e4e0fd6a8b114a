import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type EventData,
  type FileChange,
  type Recorded,
  removeTree,
  restore,
  staysInside,
  WorkspaceHistory,
  type WorkspaceState,
} from '../trace/index.js';
import type { Artifact, FactsByArtifact } from '../workflow/index.js';
import type { RolloutDeps } from './deps.js';
import type { Said } from './messages.js';

/**
 * One line of work with a workspace of its own. The workspace exists on disk only from the first action that is
 * really carried out: a replayed action only moves the state.
 */
export class Arm {
  private history: WorkspaceHistory | null = null;
  facts: FactsByArtifact = {};
  said: Said[] = [];
  state: WorkspaceState = new Map();
  commit: string | null = null;
  /** Folders that no file of the state tells of, as they were last recorded; null where that is not known. */
  private folders: string[] | null = null;

  constructor(
    readonly name: string,
    private readonly rollout: string,
    private readonly deps: RolloutDeps,
  ) {}

  get folder(): string {
    return join(this.deps.cache, this.rollout, this.name);
  }

  /** The workspace on disk, written anew from the state where it is not there yet. */
  workspace(): string {
    if (this.history) return this.folder;
    removeTree(this.folder);
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    restore(this.state, this.deps.blobs, this.folder);
    for (const folder of placed(this.folders ?? this.handedOver(), this.state))
      mkdirSync(join(this.folder, folder), { recursive: true, mode: 0o700 });
    this.history = new WorkspaceHistory(
      this.folder,
      `${this.rollout}/${this.name}`,
      this.deps.blobs,
      this.deps.git,
    );
    this.history.begin(this.commit);
    return this.folder;
  }

  /** Record what an action changed; without a workspace nothing can have changed. */
  record(action: string): Recorded {
    if (!this.history) {
      const folders = this.folders ? { folders: this.folders } : {};
      return { wrote: [], deleted: [], refused: [], ...folders, commit: this.commit };
    }
    const recorded = this.history.record(action, Date.now());
    this.state = this.history.state;
    this.folders = this.history.folders;
    this.commit = recorded.commit;
    return recorded;
  }

  /**
   * Why an artifact that is there cannot be handed on as it is: what of it was not kept when its workspace was last
   * recorded, and would be missing after a join or a restore.
   */
  unkept(artifact: string): string | null {
    const found = this.history?.unkept(artifact);
    if (!found) return null;
    const inside = found.path.startsWith(`${artifact}/`) ? found.path.slice(artifact.length + 1) : null;
    return inside === null ? found.why : `${inside} in it cannot be handed on: ${found.why}`;
  }

  /** Take over what a finished action of the log did. */
  replay(finished: Pick<EventData<'action.finished'>, 'wrote' | 'deleted' | 'folders' | 'commit'>): void {
    for (const path of finished.deleted) this.state.delete(path);
    for (const file of finished.wrote) this.state.set(file.path, file);
    if (finished.folders) this.folders = finished.folders;
    this.commit = finished.commit;
  }

  /** A copy that starts where this arm stands. */
  split(name: string): Arm {
    const arm = new Arm(name, this.rollout, this.deps);
    arm.state = new Map(this.state);
    arm.facts = { ...this.facts };
    arm.said = [...this.said];
    arm.commit = this.commit;
    arm.folders = this.folders;
    return arm;
  }

  /** Take only what each joining arm owns; everything else it changed is dropped, and named. */
  join(arms: { arm: Arm; owns: Artifact[] }[]): EventData<'arm.joined'> {
    const merged: string[] = [];
    const dropped: string[] = [];
    const wrote: FileChange[] = [];
    const deleted: string[] = [];
    const before = new Map(this.state);
    const said = this.said.length;
    const known = [this, ...arms.map(({ arm }) => arm)].some(({ folders }) => folders !== null);
    let folders = this.folders ?? this.handedOver();
    for (const { arm, owns } of arms) {
      const owned = (path: string) =>
        owns.some(
          (artifact) =>
            artifact.path !== null && (path === artifact.path || path.startsWith(`${artifact.path}/`)),
        );
      for (const path of before.keys())
        if (!arm.state.has(path)) {
          if (owned(path)) deleted.push(path);
          (owned(path) ? merged : dropped).push(path);
        }
      for (const [path, file] of arm.state) {
        const was = before.get(path);
        if (was?.sha256 === file.sha256 && was.executable === file.executable) continue;
        if (owned(path)) wrote.push(file);
        (owned(path) ? merged : dropped).push(path);
      }
      const own = (arm.folders ?? arm.handedOver()).filter(owned);
      folders = [...folders.filter((path) => !owned(path)), ...own];
      for (const artifact of owns)
        if (arm.facts[artifact.name]) this.facts[artifact.name] = arm.facts[artifact.name]!;
      this.said.push(...arm.said.slice(said));
      arm.close();
    }
    for (const path of deleted) this.state.delete(path);
    for (const file of wrote) this.state.set(file.path, file);
    this.folders = known ? placed(folders, this.state) : null;
    this.close();
    return { arms: arms.map(({ arm }) => arm.name), merged, dropped, wrote, deleted };
  }

  /** Artifacts that are folders, as the log has them: where one is empty, no file of the state tells of it. */
  private handedOver(): string[] {
    return Object.values(this.deps.workflow.artifacts).flatMap(({ name, kind, path }) =>
      kind === 'folder' && path !== null && this.facts[name]?.exists === true ? [path] : [],
    );
  }

  /** Remove the workspace from disk; the state stays. Never fails: what an agent left is no reason to end a run. */
  close(): void {
    if (this.history) removeTree(this.folder);
    this.history = null;
  }
}

/** Folders that can be made beside the files of a state: none of them is one, or lies in one. A log is anybody's. */
function placed(folders: readonly string[], state: WorkspaceState): string[] {
  return folders.filter((folder) => {
    const parts = folder.split('/');
    return staysInside(folder) && !parts.some((_, at) => state.has(parts.slice(0, at + 1).join('/')));
  });
}
