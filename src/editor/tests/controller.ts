import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { culprit } from '../../coach/index.js';
import { followLog, type RolloutRow } from '../../trace/index.js';
import { loadTasks } from '../../workflow/index.js';
import type { DebugStarter } from '../debug/start.js';
import { afterActivation, type Host, mayRun } from '../host.js';
import { declaration } from '../language/index.js';
import { type Analyses, isWorkflow, rangeOf } from '../providers/analyses.js';
import type { RunControl } from '../runs/control.js';
import type { Run } from '../runs/run.js';

/** A workflow's tasks as tests: run, step through what failed, run again at each save. */
export class TaskTests {
  private readonly controller: vscode.TestController;

  constructor(
    host: Host,
    private readonly analyses: Analyses,
    private readonly control: RunControl,
    private readonly debug: DebugStarter,
  ) {
    this.controller = host.keep(vscode.tests.createTestController('baton', vscode.l10n.t('Baton Tasks')));
    this.controller.resolveHandler = (item) => (item ? this.tasksOf(item) : this.findWorkflows());
    this.controller.refreshHandler = () => this.findWorkflows();
    const run = (debug: boolean) => (request: vscode.TestRunRequest, token: vscode.CancellationToken) =>
      this.run(request, token, debug);
    const { Run, Debug } = vscode.TestRunProfileKind;
    this.controller.createRunProfile(vscode.l10n.t('Run'), Run, run(false), true, undefined, true);
    this.controller.createRunProfile(
      vscode.l10n.t('Run and step through what failed'),
      Debug,
      run(true),
      true,
    );
    const show = (document: vscode.TextDocument) => {
      if (isWorkflow(document) && document.uri.scheme === 'file')
        void this.tasksOf(this.workflowItem(document.uri));
    };
    afterActivation(host, () => {
      for (const document of vscode.workspace.textDocuments) show(document);
    });
    host.keep(vscode.workspace.onDidOpenTextDocument(show));
    host.keep(vscode.workspace.onDidSaveTextDocument(show));
  }

  private async findWorkflows(): Promise<void> {
    for (const uri of await vscode.workspace.findFiles('**/*.baton.{yaml,yml}', '**/node_modules/**', 200))
      this.workflowItem(uri);
  }

  private workflowItem(uri: vscode.Uri): vscode.TestItem {
    const id = uri.toString();
    const known = this.controller.items.get(id);
    if (known) return known;
    const item = this.controller.createTestItem(id, basename(uri.fsPath), uri);
    item.canResolveChildren = true;
    this.controller.items.add(item);
    return item;
  }

  private async tasksOf(item: vscode.TestItem): Promise<void> {
    if (!item.uri || item.parent) return;
    const document = await vscode.workspace.openTextDocument(item.uri);
    const analysis = this.analyses.of(document);
    const workflow = analysis.workflow ?? analysis.lastWorkflow;
    item.error = workflow
      ? undefined
      : vscode.l10n.t('The workflow has problems; its tasks are listed when it has none.');
    if (!workflow) return;
    const section = /^tasks:/m.exec(document.getText());
    const top = section && rangeOf(document, section.index, section.index + 6);
    item.children.replace(
      loadTasks(workflow.tasks, analysis.files).tasks.map((task, order) => {
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

  private async run(
    request: vscode.TestRunRequest,
    token: vscode.CancellationToken,
    debug: boolean,
  ): Promise<void> {
    if (!(await mayRun())) return;
    await this.once(request, token, debug);
    if (!request.continuous) return;
    const files = new Set(this.chosen(request).map(({ workflow }) => dirname(workflow.uri!.fsPath)));
    const saved = vscode.workspace.onDidSaveTextDocument((document) => {
      if ([...files].some((folder) => document.uri.fsPath.startsWith(folder)))
        void this.once(request, token, debug);
    });
    token.onCancellationRequested(() => saved.dispose());
  }

  private async once(
    request: vscode.TestRunRequest,
    token: vscode.CancellationToken,
    debug: boolean,
  ): Promise<void> {
    const testRun = this.controller.createTestRun(request);
    try {
      for (const { workflow, tasks } of this.chosen(request)) {
        if (token.isCancellationRequested) break;
        if (workflow.children.size === 0) await this.tasksOf(workflow);
        const items = tasks ?? [...workflow.children].map(([, item]) => item);
        const failed = await this.carry(testRun, workflow, items, token, tasks === null);
        if (debug && failed)
          await this.debug.rollout(failed.run, failed.row.rollout, culprit(failed.row)?.action);
      }
    } finally {
      testRun.end();
    }
  }

  /** What a request means: workflows, each with some of its tasks or (null) all. */
  private chosen(
    request: vscode.TestRunRequest,
  ): { workflow: vscode.TestItem; tasks: vscode.TestItem[] | null }[] {
    const included = request.include ?? [...this.controller.items].map(([, item]) => item);
    const found = new Map<vscode.TestItem, vscode.TestItem[] | null>();
    for (const item of included) {
      if (request.exclude?.includes(item)) continue;
      if (!item.parent) found.set(item, null);
      else if (found.get(item.parent) !== null)
        found.set(item.parent, [...(found.get(item.parent) ?? []), item]);
    }
    return [...found].map(([workflow, tasks]) => ({ workflow, tasks }));
  }

  /** Run tasks with the command line and follow the run's log until it ends. Gives the first failed rollout. */
  private async carry(
    testRun: vscode.TestRun,
    workflow: vscode.TestItem,
    items: readonly vscode.TestItem[],
    token: vscode.CancellationToken,
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
    const end = new AbortController();
    const cancelled = token.onCancellationRequested(() => void this.control.cancel(run));
    let failed: RolloutRow | undefined;
    for await (const { event } of followLog(run.folder.log, end.signal)) {
      if (event.type === 'rollout.ended') {
        const item = byTask.get(event.data.task);
        if (item && (await this.mark(testRun, item, event.data))) failed ??= event.data;
        byTask.delete(event.data.task);
      }
      if (event.type === 'run.finished' || event.type === 'run.paused') end.abort();
    }
    cancelled.dispose();
    for (const item of byTask.values()) testRun.skipped(item);
    return failed && { run, row: failed };
  }

  /** Mark one task; true where it failed. The message stands at the role that broke it. */
  private async mark(testRun: vscode.TestRun, item: vscode.TestItem, row: RolloutRow): Promise<boolean> {
    const milliseconds = row.seconds * 1000;
    if (row.outcome?.success === true) {
      testRun.passed(item, milliseconds);
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
