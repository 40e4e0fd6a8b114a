import { cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { listRuns, lockOwner, RunFolder, runsIn } from '../../trace/index.js';
import type { Host } from '../host.js';
import { contextKeys } from '../names.js';
import { findWorkflows, workflowGlob } from '../near.js';
import { fileStamp, folderStamp } from '../stamp.js';
import { Run } from './run.js';

/** A run, or one that cannot be read and why; `all`: the folder is that of all runs of a workflow's folder. */
export type Listed = Run | { unreadable: string; folder: RunFolder; all?: true };

const runGlob = '**/.baton/runs/*/run.json*';
const saidGlob = '**/.baton/{runs/*/reviews/*,policies/current.json}';
const LOOK_MS = 1000;
const SOON_MS = 200;

/**
 * The runs of the open folders and the recorded one, found on disk: a run that a terminal started appears as one
 * that was started here. Nothing is looked at before somebody asks for the list.
 */
export class RunStore {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly open = new Map<string, Run>();
  private listed: Promise<Listed[]> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private soon: NodeJS.Timeout | undefined;
  /** Where runs may be: the whole of the open folders is searched for it, so it is kept while they stay as they are. */
  private found: Promise<string[]> | undefined;
  private bases: string[] = [];
  /** Whether the list that is under way has yet to look at the disk. */
  private searching = false;
  private stamp = '';
  private shown: string | undefined;

  constructor(private readonly host: Host) {
    host.keep(this.changed);
    const watcher = host.keep(vscode.workspace.createFileSystemWatcher(runGlob));
    watcher.onDidCreate((file) => {
      // A folder of workflows can come without a word of its files.
      if (!this.bases.includes(new RunFolder(dirname(file.fsPath)).home)) this.found = undefined;
      this.refreshSoon();
    });
    watcher.onDidChange(() => this.refreshSoon());
    watcher.onDidDelete(() => this.refreshSoon());
    // What people say of a run and what roles act with: a terminal or another window may do that too.
    const said = host.keep(vscode.workspace.createFileSystemWatcher(saidGlob));
    for (const happens of [said.onDidCreate, said.onDidChange, said.onDidDelete])
      happens(() => this.refreshSoon());
    const workflows = host.keep(vscode.workspace.createFileSystemWatcher(workflowGlob, false, true));
    workflows.onDidCreate(() => this.refresh());
    workflows.onDidDelete(() => this.refresh());
    host.keep(vscode.workspace.onDidChangeWorkspaceFolders(() => this.refresh()));
    host.keep({
      dispose: () => {
        clearInterval(this.timer);
        clearTimeout(this.soon);
      },
    });
  }

  /** Newest first, after folders whose runs cannot be listed; the recorded run last. */
  list(): Promise<Listed[]> {
    if (!this.listed) {
      this.searching = true;
      this.listed = this.read();
    }
    return this.listed;
  }

  async runs(): Promise<Run[]> {
    return (await this.list()).filter((each): each is Run => each instanceof Run);
  }

  /** The folders that may have runs, and policies that their roles act with. */
  async homes(): Promise<readonly string[]> {
    await this.list();
    return this.bases;
  }

  /** The run whose scores the editor shows: the chosen one, else the newest of the file. */
  async chosen(file?: vscode.Uri): Promise<Run | undefined> {
    const runs = await this.runs();
    const picked = runs.find((run) => run.key === this.shown);
    if (!file) return picked ?? runs[0];
    if (file.scheme !== 'file') return runs.find((run) => run.key === file.authority);
    const own = runs.filter((run) => run.isOf(file.fsPath));
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

  /** List the runs anew, and look for where they may be. */
  refresh(): void {
    this.found = undefined;
    this.relist();
  }

  private relist(): void {
    // One that has not looked at the disk yet will find what is there by then.
    if (!this.searching) this.listed = undefined;
    this.changed.fire();
  }

  /** Once for all that a run writes in a moment. */
  private refreshSoon(): void {
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      this.relist();
    }, SOON_MS);
  }

  /** The recorded run, copied to where reviews of it can be written. */
  async sample(): Promise<Run> {
    const to = this.samplePath;
    if (!existsSync(join(to, '.baton', 'runs'))) {
      mkdirSync(join(to, '.baton'), { recursive: true });
      cpSync(this.host.shipped('media/sample/runs'), join(to, '.baton', 'runs'), { recursive: true });
    }
    // The classes of its artifacts, for whoever looks into them.
    const lib = join(to, 'lib');
    if (!existsSync(lib))
      cpSync(this.host.shipped('media/templates/table-team/lib'), lib, { recursive: true });
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
    for (let asked: Promise<string[]> | undefined; !asked || asked !== this.found; ) {
      // Where it is dropped meanwhile, the search may have missed what it was dropped for.
      asked = this.found ??= this.findBases();
      this.bases = await asked;
    }
    const { bases } = this;
    this.searching = false;
    this.stamp = this.look();
    const known = new Map([...this.open.values()].map((run) => [run.folder.path, run]));
    const own = bases.flatMap((base) => this.runsOf(base, false, known));
    const sample = this.runsOf(this.samplePath, true, known);
    own.sort((a, b) => created(b) - created(a));
    const all = [...own, ...sample];
    // What is known by now was not listed: a run that was deleted, or one of a folder that cannot be read for now.
    for (const [path, run] of known) if (!existsSync(path)) this.open.delete(run.key);
    void vscode.commands.executeCommand('setContext', contextKeys.hasRuns, all.length > 0);
    if (!this.timer) {
      this.timer = setInterval(() => this.lookAgain(), LOOK_MS);
      // Who waits for runs to appear is told of those that are there already.
      setImmediate(() => this.changed.fire());
    }
    return all;
  }

  /** Folders that may have runs: those that are open, and those of workflows in them. */
  private async findBases(): Promise<string[]> {
    const open = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
    const bases = new Set(open.map(({ uri }) => uri.fsPath));
    try {
      for (const file of await findWorkflows(500))
        if (file.scheme === 'file') bases.add(dirname(file.fsPath));
    } catch (error) {
      // Where the editor cannot search, runs of the open folders themselves are still shown.
      this.host.log.warn(`workflows in subfolders are not looked for: ${(error as Error).message}`);
    }
    return [...bases];
  }

  /**
   * What the runs on disk look like from outside: their names, how far the newest of each folder are and what was said
   * of them, and what the folder's roles act with.
   */
  private look(): string {
    return this.bases.map((base) => `${lookInto(runsIn(base))} ${fileStamp(actingFile(base))}`).join('\n');
  }

  /** File events are a hint that some systems and remote disks do not give, so it also looks by itself. */
  private lookAgain(): void {
    if (this.look() !== this.stamp) this.relist();
  }

  /** What is wrong with one folder keeps no run of another from being shown. */
  private runsOf(base: string, sample: boolean, known: Map<string, Run>): Listed[] {
    try {
      return listRuns(base).map((folder) => {
        const run = known.get(folder.path) ?? Run.open(folder, sample);
        known.delete(folder.path);
        if (run instanceof Run) this.open.set(run.key, run);
        return run;
      });
    } catch (error) {
      return [{ unreadable: (error as Error).message, folder: new RunFolder(runsIn(base)), all: true }];
    }
  }
}

function created(each: Listed): number {
  if (each instanceof Run) return each.info.created;
  return each.all ? Number.MAX_VALUE : 0;
}

/** Says what the roles of a folder act with. */
function actingFile(base: string): string {
  return join(base, '.baton', 'policies', 'current.json');
}

function lookInto(folder: string): string {
  try {
    const names = readdirSync(folder).sort();
    const newest = names
      .slice(-5)
      .map((name) => new RunFolder(join(folder, name)))
      .map(
        // A process that was killed leaves its lock, and says nothing of its end.
        ({ log, lock, reviews }) => `${sizeOf(log)}${lockOwner(lock) !== undefined}${folderStamp(reviews)}`,
      );
    return `${names.join()} ${newest.join()}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  }
}

function sizeOf(log: string): number | undefined {
  try {
    return statSync(log).size;
  } catch {
    return undefined;
  }
}
