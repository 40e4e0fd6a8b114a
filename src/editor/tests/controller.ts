import { existsSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { culprit } from '../../coach/index.js';
import { cameToEnd, type RolloutRow } from '../../trace/index.js';
import { loadTasks } from '../../workflow/index.js';
import type { DebugStarter } from '../debug/start.js';
import { afterActivation, type Host, mayRun, tell } from '../host.js';
import { declaration } from '../language/index.js';
import { findWorkflows, liesIn, whereIs, workflowGlob } from '../near.js';
import { type Analyses, isWorkflow, rangeOf } from '../providers/analyses.js';
import { Asked } from '../providers/asked.js';
import type { RunControl } from '../runs/control.js';
import type { Run } from '../runs/run.js';
import { chosen, tasksOf } from './chosen.js';
import { rolloutsOf } from './following.js';
import { LastWins } from './last-wins.js';

const SOON_MS = 500;
/** What lies in folders that no workflow of a person lies in, and that change often. */
const INSIDE = /[\\/](node_modules|\.git|\.baton)([\\/]|$)/;

/** A workflow's tasks as tests: run, step through what failed, run again at each save. */
export class TaskTests {
  /** Whether somebody has asked for the workflows of the open folders. */
  private looked = false;
  private soon: NodeJS.Timeout | undefined;
  /** What the tasks that are listed were read from, by the ids of their workflows. */
  private readonly read = new Map<string, Asked>();
  /** The workflows whose tasks are listed anew in a moment. */
  private readonly stale = new Set<string>();
  private again: NodeJS.Timeout | undefined;

  constructor(
    private readonly host: Host,
    private readonly controller: vscode.TestController,
    private readonly analyses: Analyses,
    private readonly control: RunControl,
    private readonly debug: DebugStarter,
  ) {
    const show = (document: vscode.TextDocument) => {
      if (isWorkflow(document) && document.uri.scheme === 'file')
        void this.tasksOf(this.workflowItem(document.uri));
    };
    afterActivation(host, () => {
      for (const document of vscode.workspace.textDocuments) show(document);
    });
    host.keep(vscode.workspace.onDidOpenTextDocument(show));
    host.keep(vscode.workspace.onDidSaveTextDocument(show));
    const made = host.keep(vscode.workspace.createFileSystemWatcher(workflowGlob, false, true, true));
    made.onDidCreate((uri) => this.looked && this.workflowItem(uri));
    // Of a folder that is deleted, or moved, nothing is said of what was in it, and not always of one that came.
    const any = host.keep(vscode.workspace.createFileSystemWatcher('**'));
    any.onDidDelete(({ fsPath }) => {
      this.forget(fsPath, (path) => !existsSync(path));
      this.changed(fsPath);
    });
    any.onDidCreate(({ fsPath }) => {
      if (this.looked && !INSIDE.test(fsPath) && isFolder(fsPath)) this.findSoon();
      this.changed(fsPath);
    });
    any.onDidChange(({ fsPath }) => this.changed(fsPath));
    // An open file is read as the editor has it, which may hear of a change on disk later than we do.
    host.keep(
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (document.uri.scheme === 'file' && contentChanges.length > 0) this.changed(document.uri.fsPath);
      }),
    );
    host.keep(analyses.onDidChangeBeside((uri) => this.listAgain(uri.toString())));
    host.keep({
      dispose: () => {
        clearTimeout(this.soon);
        clearTimeout(this.again);
      },
    });
    host.keep(
      vscode.workspace.onDidChangeWorkspaceFolders(({ removed }) => {
        for (const { uri } of removed) this.forget(uri.fsPath);
      }),
    );
  }

  /** List the tasks of a workflow; without one, the workflows. */
  resolve(item: vscode.TestItem | undefined): Promise<void> {
    return item ? this.tasksOf(item) : this.findWorkflows();
  }

  private async findWorkflows(): Promise<void> {
    this.looked = true;
    for (const uri of await findWorkflows(200)) this.workflowItem(uri);
    for (const [id, { uri }] of this.controller.items) if (!existsSync(uri!.fsPath)) this.drop(id);
  }

  /** Look for workflows, and read the tasks anew of those that are listed. */
  async refresh(): Promise<void> {
    await this.findWorkflows();
    await this.listTasks(this.read.keys());
  }

  /** A workflow, or what the tasks of some were read from, is another now. */
  private changed(path: string): void {
    if (INSIDE.test(path)) return;
    for (const [id, read] of this.read)
      if (this.controller.items.get(id)?.uri?.fsPath === path || read.has(path)) this.listAgain(id);
  }

  /** Once for all that is typed or written in a moment. */
  private listAgain(id: string): void {
    if (!this.read.has(id)) return;
    this.stale.add(id);
    clearTimeout(this.again);
    this.again = setTimeout(() => {
      const ids = [...this.stale];
      this.stale.clear();
      void this.listTasks(ids);
    }, SOON_MS);
  }

  private async listTasks(ids: Iterable<string>): Promise<void> {
    for (const id of [...ids]) {
      const item = this.controller.items.get(id);
      if (!item) continue;
      try {
        await this.tasksOf(item);
      } catch (error) {
        this.host.log.warn(`the tasks of ${item.label} are not listed: ${(error as Error).message}`);
      }
    }
  }

  /** Once for all folders that come in a moment. */
  private findSoon(): void {
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      this.findWorkflows().catch((error: Error) =>
        this.host.log.warn(`workflows are not looked for: ${error.message}`),
      );
    }, SOON_MS);
  }

  /** Workflows at a path or below it are tests no more, where `really` says so of each. */
  private forget(path: string, really: (workflow: string) => boolean = () => true): void {
    for (const [id, { uri }] of this.controller.items) {
      const { fsPath } = uri!;
      if ((fsPath === path || liesIn(path, fsPath)) && really(fsPath)) this.drop(id);
    }
  }

  private drop(id: string): void {
    this.controller.items.delete(id);
    this.read.delete(id);
  }

  private workflowItem(uri: vscode.Uri): vscode.TestItem {
    const id = uri.toString();
    const known = this.controller.items.get(id);
    if (known) return known;
    const item = this.controller.createTestItem(id, basename(uri.fsPath), uri);
    const where = whereIs(uri.fsPath);
    if (where !== null) item.description = where;
    item.canResolveChildren = true;
    this.controller.items.add(item);
    return item;
  }

  private async tasksOf(item: vscode.TestItem): Promise<void> {
    if (!item.uri || item.parent) return;
    const read = new Asked(dirname(item.uri.fsPath));
    if (!this.read.has(item.id)) this.read.set(item.id, read);
    const document = await vscode.workspace.openTextDocument(item.uri);
    const analysis = this.analyses.of(document);
    const workflow = analysis.workflow ?? analysis.lastWorkflow;
    item.error = workflow
      ? undefined
      : vscode.l10n.t('The workflow has problems; its tasks are listed when it has none.');
    if (!workflow) return;
    this.read.set(item.id, read);
    const section = /^tasks:/m.exec(document.getText());
    const top = section && rangeOf(document, section.index, section.index + 6);
    item.children.replace(
      loadTasks(workflow.tasks, read.noting(analysis.files)).tasks.map((task, order) => {
        const child = this.controller.createTestItem(`${item.id}#${task.id}`, task.id, item.uri);
        child.description = [task.stratum, task.split].filter((part) => part && part !== 'all').join(' · ');
        child.sortText = String(order).padStart(6, '0');
        const place = document
          .getText()
          .search(new RegExp(`\\bid: ?["']?${task.id.replace(/[.\\-]/g, '\\$&')}["']?\\s*[,}\\n]`));
        const range = place >= 0 ? rangeOf(document, place, place) : top;
        if (range) child.range = range;
        return child;
      }),
    );
  }

  /** Once, or (continuous) again at each save beside the workflows: one run at a time, and the last save counts. */
  async run(request: vscode.TestRunRequest, token: vscode.CancellationToken, debug: boolean): Promise<void> {
    if (!(await mayRun())) return;
    if (!request.continuous) return this.once(request, signalOf(token), debug);
    const folders = this.chosen(request).map(({ workflow }) => dirname(workflow.uri!.fsPath));
    const { include, exclude, profile } = request;
    // A request of its own for each: runs of one request are shown as one result, which has no end.
    const again = () => new vscode.TestRunRequest(include, exclude, profile, true);
    const work = new LastWins((stop) => this.once(again(), stop, debug));
    const ask = () => work.ask().catch((error: Error) => tell(this.host, error.message, error));
    const saved = vscode.workspace.onDidSaveTextDocument(({ uri }) => {
      if (folders.some((folder) => liesIn(folder, uri.fsPath))) void ask();
    });
    token.onCancellationRequested(() => {
      saved.dispose();
      work.stop();
    });
    await ask();
  }

  private async once(request: vscode.TestRunRequest, stop: AbortSignal, debug: boolean): Promise<void> {
    const testRun = this.controller.createTestRun(request);
    const signal = AbortSignal.any([stop, signalOf(testRun.token)]);
    try {
      for (const each of this.chosen(request)) {
        if (signal.aborted) break;
        const { workflow } = each;
        if (workflow.children.size === 0) await this.tasksOf(workflow);
        const { items, all } = tasksOf(
          each,
          [...workflow.children].map(([, item]) => item),
        );
        if (items.length === 0 && !all) continue;
        const failed = await this.carry(testRun, workflow, items, signal, all);
        if (debug && failed)
          await this.debug.rollout(failed.run, failed.row.rollout, culprit(failed.row)?.action);
      }
    } finally {
      testRun.end();
    }
  }

  private chosen(request: vscode.TestRunRequest) {
    const included = request.include ?? [...this.controller.items].map(([, item]) => item);
    return chosen<vscode.TestItem>(
      included.map((item) => this.now(item)),
      request.exclude ?? [],
    );
  }

  /** An item as it stands now: a save makes those of tasks anew. */
  private now(item: vscode.TestItem): vscode.TestItem {
    const workflow = this.controller.items.get(item.id.split('#')[0]!);
    return (workflow?.id === item.id ? workflow : workflow?.children.get(item.id)) ?? item;
  }

  /** Run tasks with the command line and follow the run's log until it ends. Gives the first failed rollout. */
  private async carry(
    testRun: vscode.TestRun,
    workflow: vscode.TestItem,
    items: readonly vscode.TestItem[],
    stop: AbortSignal,
    all: boolean,
  ): Promise<{ run: Run; row: RolloutRow } | undefined> {
    const byTask = new Map(items.map((item) => [item.label, item]));
    for (const item of items) testRun.started(item);
    const run = await this.control.run(workflow.uri, all ? [] : ['--tasks', [...byTask.keys()].join(',')]);
    if (!run) {
      for (const item of items)
        testRun.errored(item, new vscode.TestMessage(vscode.l10n.t('The run did not start.')));
      return undefined;
    }
    const cancel = () => void this.control.cancel(run);
    if (stop.aborted) cancel();
    stop.addEventListener('abort', cancel, { once: true });
    let failed: RolloutRow | undefined;
    for await (const row of rolloutsOf(run)) {
      const item = byTask.get(row.task);
      if (item && (await this.mark(testRun, item, row, run))) failed ??= row;
      byTask.delete(row.task);
    }
    stop.removeEventListener('abort', cancel);
    for (const each of byTask.values()) {
      const item = this.now(each);
      if (run.state() !== 'stopped') testRun.skipped(item);
      else testRun.errored(item, new vscode.TestMessage(processGone()));
    }
    return failed && { run, row: failed };
  }

  /**
   * Mark one task; true where it failed. The message stands at the role that broke it. A rollout that came to no end
   * says nothing of the team: its test has an error.
   */
  private async mark(
    testRun: vscode.TestRun,
    of: vscode.TestItem,
    row: RolloutRow,
    run: Run,
  ): Promise<boolean> {
    // The file may have been saved since the run began.
    const item = this.now(of);
    const milliseconds = row.seconds * 1000;
    if (row.outcome?.success === true) {
      testRun.passed(item, milliseconds);
      return false;
    }
    if (!cameToEnd(row)) {
      const why = run.lostReason(row.rollout) ?? vscode.l10n.t('The rollout came to no end.');
      testRun.errored(item, new vscode.TestMessage(why), milliseconds);
      return false;
    }
    const broken = culprit(row);
    const says = broken
      ? vscode.l10n.t('Broken by {0} in {1}: {2}', broken.agent, broken.action, broken.diagnosis)
      : (row.outcome?.why ?? vscode.l10n.t('The rollout failed.'));
    const message = new vscode.TestMessage(says);
    const document = await vscode.workspace.openTextDocument(item.uri!);
    const role = broken && declaration(this.analyses.of(document), { kind: 'role', name: broken.agent });
    if (role) message.location = new vscode.Location(item.uri!, rangeOf(document, role.start, role.end));
    testRun.failed(item, message, milliseconds);
    return true;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function processGone(): string {
  return vscode.l10n.t(
    'The process of the run ended before this task did; the run can be resumed in the Runs view.',
  );
}

function signalOf(token: vscode.CancellationToken): AbortSignal {
  const abort = new AbortController();
  if (token.isCancellationRequested) abort.abort();
  token.onCancellationRequested(() => abort.abort());
  return abort.signal;
}
