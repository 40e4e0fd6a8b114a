import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { listRuns, type RunFolder } from '../../trace/index.js';
import type { Host } from '../host.js';
import { contextKeys } from '../names.js';
import { Run } from './run.js';

export type Listed = Run | { unreadable: string; folder: RunFolder };

/**
 * The runs of the open folders and the recorded one, found on disk: a run that a terminal started appears as one
 * that was started here. Looks again when files change, and once a second only while a run goes on.
 */
export class RunStore {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly open = new Map<string, Run>();
  private listed: Listed[] | undefined;
  private timer: NodeJS.Timeout | undefined;
  private shown: string | undefined;

  constructor(private readonly host: Host) {
    host.keep(this.changed);
    const watcher = host.keep(vscode.workspace.createFileSystemWatcher('**/.baton/runs/*/run.json*'));
    watcher.onDidCreate(() => this.refresh());
    watcher.onDidChange(() => this.refresh());
    watcher.onDidDelete(() => this.refresh());
    host.keep(vscode.workspace.onDidChangeWorkspaceFolders(() => this.refresh()));
    host.keep({ dispose: () => clearTimeout(this.timer) });
  }

  /** Newest first; the recorded run last. */
  async list(): Promise<Listed[]> {
    this.listed ??= await this.read();
    return this.listed;
  }

  async runs(): Promise<Run[]> {
    return (await this.list()).filter((each): each is Run => each instanceof Run);
  }

  /** The run whose scores the editor shows: the chosen one, else the newest of the file. */
  async chosen(file?: vscode.Uri): Promise<Run | undefined> {
    const runs = await this.runs();
    const picked = runs.find((run) => run.key === this.shown);
    if (!file) return picked ?? runs[0];
    if (file.scheme !== 'file') return runs.find((run) => run.key === file.authority);
    const own = runs.filter((run) => run.info.file === file.fsPath);
    return own.find((run) => run === picked) ?? own[0];
  }

  choose(run: Run): void {
    this.shown = run.key;
    this.changed.fire();
  }

  /** A run by its key; reads the list where it is not known yet. */
  async byKey(key: string): Promise<Run | undefined> {
    return this.open.get(key) ?? (await this.runs()).find((run) => run.key === key);
  }

  known(key: string): Run | undefined {
    return this.open.get(key);
  }

  refresh(): void {
    this.listed = undefined;
    this.changed.fire();
  }

  /** The recorded run, copied to where reviews of it can be written. */
  async sample(): Promise<Run> {
    const to = this.samplePath;
    if (!existsSync(join(to, '.baton', 'runs'))) {
      mkdirSync(join(to, '.baton'), { recursive: true });
      cpSync(this.host.shipped('media/sample/runs'), join(to, '.baton', 'runs'), { recursive: true });
    }
    this.refresh();
    const run = (await this.runs()).find((each) => each.sample);
    if (!run)
      throw new Error(
        vscode.l10n.t('The recorded run is missing from this installation; install Baton again.'),
      );
    return run;
  }

  private get samplePath(): string {
    const { version } = this.host.context.extension.packageJSON as { version: string };
    return join(this.host.context.globalStorageUri.fsPath, `sample-${version}`);
  }

  private async read(): Promise<Listed[]> {
    const bases = new Set(
      (vscode.workspace.workspaceFolders ?? [])
        .filter(({ uri }) => uri.scheme === 'file')
        .map(({ uri }) => uri.fsPath),
    );
    for (const file of await vscode.workspace.findFiles('**/*.baton.{yaml,yml}', '**/node_modules/**', 500))
      if (file.scheme === 'file') bases.add(dirname(file.fsPath));
    const own = [...bases].flatMap((base) => listRuns(base).map((folder) => this.run(folder, false)));
    const sample = listRuns(this.samplePath).map((folder) => this.run(folder, true));
    own.sort((a, b) => created(b) - created(a));
    const all = [...own, ...sample];
    void vscode.commands.executeCommand('setContext', contextKeys.hasRuns, all.length > 0);
    this.lookAgain(all);
    return all;
  }

  private run(folder: RunFolder, sample: boolean): Listed {
    const run =
      [...this.open.values()].find((each) => each.folder.path === folder.path) ?? Run.open(folder, sample);
    if (run instanceof Run) this.open.set(run.key, run);
    return run;
  }

  private lookAgain(all: Listed[]): void {
    clearTimeout(this.timer);
    if (all.some((each) => each instanceof Run && ['running', 'paused'].includes(each.state())))
      this.timer = setTimeout(() => this.refresh(), 1000);
  }
}

function created(each: Listed): number {
  return each instanceof Run ? each.info.created : 0;
}
