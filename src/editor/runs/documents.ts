import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { WorkspaceState } from '../../trace/index.js';
import type { WorkflowFiles } from '../../workflow/index.js';
import type { Host } from '../host.js';
import { runScheme } from '../names.js';
import { entriesIn, filesAt, type MomentEntry, textOf } from './moments.js';
import type { Run } from './run.js';
import type { RunStore } from './store.js';
import { type Trajectory, trajectory } from './trajectory.js';

type Node = { text: string } | { bytes: Uint8Array } | { entries: { name: string; directory: boolean }[] };

/**
 * The read-only documents of runs, `baton-run://<key>/...`: the workflow and its prompts as they were, trajectories,
 * bodies, and workspaces at any action. Everything is read from the log and its blobs, nothing from the disk beside.
 */
export class RunDocuments {
  private readonly changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.changed.event;
  private readonly states = new Map<string, WorkspaceState>();
  private readonly trajectories = new Map<string, Trajectory>();
  private readonly shown = new Map<string, string>();
  private readonly moved = new vscode.EventEmitter<void>();
  /** Another moment is shown under `/now`. */
  readonly onDidMove = this.moved.event;
  private moment: { run: Run; state: WorkspaceState } | undefined;

  constructor(
    host: Host,
    private readonly store: RunStore,
  ) {
    host.keep(this.changed);
    host.keep(this.moved);
    host.keep(store.onDidChange(() => this.refresh()));
  }

  static uri(run: Run, path: string): vscode.Uri {
    return vscode.Uri.from({ scheme: runScheme, authority: run.key, path });
  }

  static workflowUri(run: Run): vscode.Uri {
    return RunDocuments.uri(run, `/workflow/${basename(run.info.file)}`);
  }

  static trajectoryUri(run: Run, rollout: string): vscode.Uri {
    return RunDocuments.uri(run, RunDocuments.trajectoryPath(rollout));
  }

  static trajectoryPath(rollout: string): string {
    return `/rollouts/${rollout}/${rollout}.baton-trajectory`;
  }

  /** The rollout that a trajectory document is about. */
  static rolloutOf(uri: vscode.Uri): string | undefined {
    return uri.scheme === runScheme
      ? /^\/rollouts\/([^/]+)\/[^/]+\.baton-trajectory$/.exec(uri.path)?.[1]
      : undefined;
  }

  static fileUri(run: Run, rollout: string, action: string, file: string): vscode.Uri {
    return RunDocuments.uri(run, `/rollouts/${rollout}/at/${action}/files/${file}`);
  }

  /** What lies in a folder (at the top, where it is left out) of the moment that is shown, with its address. */
  nowIn(folder?: vscode.Uri): (MomentEntry & { uri: vscode.Uri })[] {
    const { moment } = this;
    if (!moment) return [];
    const path = folder?.path.replace(/^\/now\//, '') ?? '';
    return entriesIn(moment.state, path).map((entry) => ({
      ...entry,
      uri: RunDocuments.uri(moment.run, `/now/${path === '' ? '' : `${path}/`}${entry.name}`),
    }));
  }

  /** Show a moment under `/now`, where open files follow the debugger. */
  showMoment(run: Run, state: WorkspaceState): void {
    const before = this.moment;
    this.moment = { run, state };
    const paths = new Set([...state.keys(), ...(before?.run === run ? before.state.keys() : [])]);
    this.changed.fire(
      [...paths].map((path) => ({
        type: state.has(path) ? vscode.FileChangeType.Changed : vscode.FileChangeType.Deleted,
        uri: RunDocuments.uri(run, `/now/${path}`),
      })),
    );
    this.moved.fire();
  }

  /** A text about a run that is made when it is asked for, as a read-only document. */
  showText(run: Run, name: string, text: string): vscode.Uri {
    const uri = RunDocuments.uri(run, `/shown/${name}`);
    this.shown.set(uri.toString(), text);
    this.changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
    return uri;
  }

  /** The trajectory behind a document, laid out at most once per change of the run. */
  async trajectoryOf(uri: vscode.Uri): Promise<Trajectory | undefined> {
    const run = await this.store.byKey(uri.authority);
    const rollout = RunDocuments.rolloutOf(uri);
    if (!run || !rollout) return undefined;
    const key = `${run.key}/${rollout}`;
    let made = this.trajectories.get(key);
    if (!made) {
      const row = run.pages.find(rollout);
      made = trajectory(run, row, rollout);
      this.keepFew(this.trajectories, key, made);
    }
    return made;
  }

  /** The files beside a workflow of a run, for the language features. */
  filesOf(uri: vscode.Uri): WorkflowFiles | undefined {
    const run = uri.scheme === runScheme ? this.store.known(uri.authority) : undefined;
    if (!run) return undefined;
    const known = Object.keys(run.info.texts);
    return {
      folder: '/workflow',
      read: (path) =>
        Object.hasOwn(run.info.texts, path)
          ? { text: run.blobs.text(run.info.texts[path]!) }
          : { refused: 'missing', message: vscode.l10n.t('{0} was not kept with this run.', path) },
      resolve: (path) =>
        known.some((each) => each === path || each.startsWith(`${path}/`))
          ? { path: `/workflow/${path}` }
          : { refused: 'missing', message: vscode.l10n.t('{0} was not kept with this run.', path) },
      list: () => known,
    };
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const node = await this.node(uri);
    const directory = 'entries' in node;
    return {
      type: directory ? vscode.FileType.Directory : vscode.FileType.File,
      ctime: 0,
      mtime: /^\/(now|shown)\//.test(uri.path) || uri.path.endsWith('-trajectory') ? Date.now() : 0,
      size: directory ? 0 : bytesOf(node).length,
      permissions: vscode.FilePermission.Readonly,
    };
  }

  async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    const node = await this.node(uri);
    if (!('entries' in node)) throw vscode.FileSystemError.FileNotADirectory(uri);
    return node.entries.map(({ name, directory }) => [
      name,
      directory ? vscode.FileType.Directory : vscode.FileType.File,
    ]);
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const node = await this.node(uri);
    if ('entries' in node) throw vscode.FileSystemError.FileIsADirectory(uri);
    return bytesOf(node);
  }

  private async node(uri: vscode.Uri): Promise<Node> {
    const run = await this.store.byKey(uri.authority);
    if (!run) throw vscode.FileSystemError.FileNotFound(uri);
    const found = await this.find(run, uri);
    if (!found) throw vscode.FileSystemError.FileNotFound(uri);
    return found;
  }

  private async find(run: Run, uri: vscode.Uri): Promise<Node | undefined> {
    const parts = uri.path.split('/').filter((part) => part !== '');
    if (parts[0] === 'workflow') return texts(run, parts.slice(1).join('/'));
    if (parts[0] === 'shown') {
      const text = this.shown.get(uri.toString());
      return text === undefined ? undefined : { text };
    }
    if (parts[0] === 'now')
      return this.moment?.run === run
        ? inWorkspace(run, this.moment.state, parts.slice(1).join('/'))
        : undefined;
    if (parts[0] !== 'rollouts' || parts[1] === undefined) return undefined;
    const rollout = parts[1];
    if (parts[2] !== 'at') {
      const made = await this.trajectoryOf(uri);
      return made && { text: made.text };
    }
    const action = parts[3] ?? '';
    if (parts[4] === 'files')
      return inWorkspace(run, this.stateAt(run, rollout, action), parts.slice(5).join('/'));
    const text = textOf(run, rollout, action, parts[4] ?? '');
    return text === undefined ? undefined : { text };
  }

  private stateAt(run: Run, rollout: string, action: string): WorkspaceState {
    const key = `${run.key}/${rollout}/${action}`;
    const state = this.states.get(key) ?? filesAt(run, rollout, action);
    this.keepFew(this.states, key, state);
    return state;
  }

  private keepFew<T>(map: Map<string, T>, key: string, value: T): void {
    map.delete(key);
    map.set(key, value);
    if (map.size > 16) map.delete(map.keys().next().value!);
  }

  private refresh(): void {
    this.states.clear();
    if (this.trajectories.size === 0) return;
    this.trajectories.clear();
    const open = vscode.workspace.textDocuments.filter(
      ({ uri }) => uri.scheme === runScheme && uri.path.endsWith('-trajectory'),
    );
    this.changed.fire(open.map(({ uri }) => ({ type: vscode.FileChangeType.Changed, uri })));
  }
}

function texts(run: Run, path: string): Node | undefined {
  if (path === basename(run.info.file)) return { text: run.workflow };
  const body = Object.hasOwn(run.info.texts, path) ? run.info.texts[path] : undefined;
  return body === undefined ? undefined : { text: run.blobs.text(body) };
}

function inWorkspace(run: Run, state: WorkspaceState, path: string): Node | undefined {
  const file = state.get(path);
  if (file) return { bytes: run.blobs.get(file.sha256) };
  const entries = entriesIn(state, path);
  return entries.length > 0 || path === '' ? { entries } : undefined;
}

function bytesOf(node: { text: string } | { bytes: Uint8Array }): Uint8Array {
  return 'text' in node ? Buffer.from(node.text) : node.bytes;
}
