import { basename } from 'node:path';
import * as vscode from 'vscode';
import { culprit } from '../coach/index.js';
import type { RolloutRow } from '../trace/index.js';
import type { DebugStarter } from './debug/start.js';
import { type Host, mayRun } from './host.js';
import { type CommandName, contextKeys, customEditors, views, walkthrough } from './names.js';
import { newWorkflow } from './new-workflow.js';
import type { Analyses } from './providers/analyses.js';
import { runAlone } from './runs/alone.js';
import type { RunControl } from './runs/control.js';
import { RunDocuments } from './runs/documents.js';
import type { PolicyRow } from './runs/policies.js';
import { Run } from './runs/run.js';
import type { RunStore } from './runs/store.js';
import type { RunRow, RunsTree } from './runs/tree.js';
import type { Weights } from './runs/weights.js';
import type { VerdictComments } from './scores/comments.js';
import { openEvidence } from './scores/evidence.js';
import { agreed, keepReview } from './scores/review.js';
import { deleteSecret, setSecret } from './secrets.js';
import { installCommand, installGpu } from './shell.js';
import { askTarget } from './targets/add.js';
import type { Targets } from './targets/targets.js';
import type { TrainingPanels } from './training/panels.js';
import type { Trainer } from './training/train.js';
import { useLanguage } from './use-language.js';

export interface Working {
  analyses: Analyses;
  store: RunStore;
  tree: RunsTree;
  control: RunControl;
  comments: VerdictComments;
  debug: DebugStarter;
  training(): Promise<{ panels: TrainingPanels; trainer: Trainer }>;
  weights: Weights;
  targets: Targets;
}

type Handler = (...args: never[]) => unknown;
export type Handlers = Record<CommandName, Handler>;

/** Every command's handler: leaving one out is a compile error. */
export function commandHandlers(host: Host, parts: Working): Handlers {
  let selected: vscode.Uri | undefined;
  const { store, tree, control, debug, targets } = parts;
  return {
    run: (uri?: vscode.Uri, role?: string) => {
      const of = uri instanceof vscode.Uri ? uri : undefined;
      return of && typeof role === 'string' ? runAlone(control, store, of, role) : control.run(of);
    },
    debug: (uri?: vscode.Uri, role?: string) =>
      debug.lastFailed(
        uri instanceof vscode.Uri ? uri : undefined,
        typeof role === 'string' ? role : undefined,
      ),
    debugLive: (uri?: vscode.Uri) => debug.live(uri instanceof vscode.Uri ? uri : undefined),
    attachDebugger: (row?: RunRow) => row?.is === 'run' && debug.attach(row.run),
    openTraining: async (row?: RunRow) =>
      (await parts.training()).panels.show(row?.is === 'run' ? row.run : undefined),
    promote: (row?: PolicyRow) =>
      row?.is === 'version' && parts.weights.promote(row.run, row.checkpoint, [row.role]),
    rollback: (row?: PolicyRow) => row?.is === 'role' && parts.weights.rollback(row.home, row.role),
    evaluate: (row?: PolicyRow) => row?.is === 'version' && parts.weights.evaluate(row.run, row.checkpoint),
    train: async (uri?: vscode.Uri, role?: string) =>
      (await parts.training()).trainer.train(
        uri instanceof vscode.Uri ? uri : undefined,
        typeof role === 'string' ? role : undefined,
      ),
    fork: async (row?: RunRow) => {
      if (row?.is !== 'action') return;
      const { editAndFork } = await import('./debug/fork.js');
      await editAndFork(host, control, store, row.run, row.row.rollout, row.row.scores[row.at]!.action);
    },
    forkPaused: async (_source?: unknown, menu?: unknown) => {
      const { forkPaused } = await import('./debug/fork.js');
      await forkPaused(host, control, store, parts.debug.sessionOf(menu), menu);
    },
    forkEdited: async () => (await import('./debug/fork.js')).forkEdited(),
    openMoment: () => vscode.commands.executeCommand(`${views.moment}.focus`),
    openSample: () => openSample(parts),
    newWorkflow: () => newWorkflow(host),
    useLanguage: (uri?: vscode.Uri) => useLanguage(uri instanceof vscode.Uri ? uri : undefined),
    chooseRun: (row?: RunRow) => row?.is === 'run' && store.choose(row.run),
    openTrajectory: (row?: RunRow) => openTrajectory(row),
    createRegression: async (of?: RunRow | vscode.Uri) => (await mayRun()) && regression(parts, of),
    openWorkflowOfRun: (of: RunRow | Run, stale?: boolean) => openWorkflow(of, stale === true),
    openEvidence: (link: unknown) => openEvidence(link),
    debugRollout: (row?: RunRow) =>
      (row?.is === 'rollout' || row?.is === 'action') &&
      debug.rollout(
        row.run,
        row.row.rollout,
        row.is === 'action' ? row.row.scores[row.at]?.action : undefined,
      ),
    selectForCompare: async (row?: RunRow) => {
      selected = comparable(row);
      await vscode.commands.executeCommand('setContext', contextKeys.compareSelected, selected !== undefined);
    },
    compareWithSelected: async (row?: RunRow) => {
      const other = comparable(row);
      if (selected && other)
        await vscode.commands.executeCommand(
          'vscode.diff',
          selected,
          other,
          `${short(selected)} ↔ ${short(other)}`,
        );
    },
    filterRuns: () => tree.askFilter(),
    clearFilter: () => tree.clearFilter(),
    refreshRuns: () => {
      targets.forget();
      store.refresh();
    },
    moreRollouts: (row?: RunRow) => row && tree.more(row),
    cancelRun: (row?: RunRow) => row?.is === 'run' && control.cancel(row.run),
    resumeRun: (row?: RunRow) => row?.is === 'run' && control.resume(row.run),
    agree: (thread: vscode.CommentThread) => agree(parts, thread),
    overrule: (of: vscode.CommentThread | RunRow) => overrule(parts, of),
    setSecret: () => setSecret(host),
    deleteSecret: () => deleteSecret(host),
    installCommand: () => installCommand(host, control.node()),
    installGpu: async () => (await mayRun()) && installGpu(host, control.node()),
    showLog: () => host.log.show(),
    addTarget: () => addAndLook(parts),
    editTargets: (row?: RunRow) => targets.edit(row?.is === 'target' ? row.name : undefined),
    preflightTarget: (row?: RunRow) => row?.is === 'target' && look(parts, row.name),
    openTargetShell: (row?: RunRow) => row?.is === 'target' && targets.shell(row.name),
    attachJob: (row?: RunRow) => row?.is === 'job' && targets.attach(row),
    resumeJob: (row?: RunRow) => row?.is === 'job' && targets.resume(row),
    cancelJob: (row?: RunRow) => row?.is === 'job' && targets.cancel(row),
    removeJob: (row?: RunRow) => row?.is === 'job' && targets.remove(row),
    openDesigner: (uri?: vscode.Uri) => openDesigner(uri instanceof vscode.Uri ? uri : undefined),
    openWalkthrough: () =>
      vscode.commands.executeCommand(
        'workbench.action.openWalkthrough',
        `${host.context.extension.id}#${walkthrough}`,
        false,
      ),
  };
}

/** Add a machine to the user's targets, and see at once what it has. */
async function addAndLook(parts: Working): Promise<void> {
  if (!(await mayRun())) return;
  const name = await askTarget();
  if (name === undefined) return;
  parts.targets.redraw();
  await look(parts, name);
}

async function look({ targets, tree }: Working, name: string): Promise<void> {
  if (!(await mayRun())) return;
  await targets.ask(name, true);
  await tree.showTarget(name);
}

/** The recorded run: its workflow with scores and comments, and the trajectory of a rollout that one role broke. */
async function openSample({ store, tree }: Working): Promise<void> {
  const run = await store.sample();
  store.choose(run);
  const document = await vscode.workspace.openTextDocument(RunDocuments.workflowUri(run));
  const editor = await vscode.window.showTextDocument(document, { preview: false });
  const team = document.positionAt(Math.max(0, document.getText().search(/^agents:/m)));
  editor.revealRange(new vscode.Range(team, team), vscode.TextEditorRevealType.AtTop);
  await vscode.commands.executeCommand('baton.runs.focus');
  await tree.reveal(run);
  const broken = brokenRollout(run);
  if (!broken) return;
  const trajectory = await vscode.workspace.openTextDocument(RunDocuments.trajectoryUri(run, broken.rollout));
  await vscode.window.showTextDocument(trajectory, {
    viewColumn: vscode.ViewColumn.Beside,
    preview: false,
    preserveFocus: true,
  });
}

function brokenRollout(run: Run): RolloutRow | undefined {
  return run.pages.all().find(culprit);
}

/** From a row of the Runs view, or from a trajectory that is open. */
async function regression({ analyses, store }: Working, of?: RunRow | vscode.Uri): Promise<void> {
  const { createRegression } = await import('./tests/create-regression.js');
  if (of !== undefined && 'is' in of) {
    if (of.is === 'rollout' || of.is === 'action') await createRegression(analyses, of.run, of.row.rollout);
    return;
  }
  const uri = of ?? vscode.window.activeTextEditor?.document.uri;
  const rollout = uri && RunDocuments.rolloutOf(uri);
  const run = rollout && (await store.byKey(uri.authority));
  if (run && rollout) await createRegression(analyses, run, rollout);
}

async function openTrajectory(row?: RunRow): Promise<void> {
  if (row?.is !== 'rollout' && row?.is !== 'action' && row?.is !== 'going') return;
  const rollout = row.is === 'going' ? row.its.rollout : row.row.rollout;
  const document = await vscode.workspace.openTextDocument(RunDocuments.trajectoryUri(row.run, rollout));
  const editor = await vscode.window.showTextDocument(document);
  const action = row.is === 'action' ? row.row.scores[row.at]?.action : undefined;
  const line = action
    ? document
        .getText()
        .split('\n')
        .findIndex((each) => each.slice(2).startsWith(`${action} `))
    : -1;
  if (line >= 0) editor.revealRange(new vscode.Range(line, 0, line, 0), vscode.TextEditorRevealType.AtTop);
}

async function openWorkflow(of: RunRow | Run, stale: boolean): Promise<void> {
  const run = of instanceof Run ? of : of?.is === 'run' ? of.run : undefined;
  if (!run) return;
  const was = RunDocuments.workflowUri(run);
  if (stale)
    await vscode.commands.executeCommand(
      'vscode.diff',
      was,
      vscode.Uri.file(run.workflowFile),
      vscode.l10n.t('{0}: as it was ↔ now', basename(run.info.file)),
    );
  else await vscode.window.showTextDocument(was, { preview: false });
}

/** What a row is compared as: a file, or the text of its trajectory or program. */
function comparable(row?: RunRow): vscode.Uri | undefined {
  if (row?.is === 'file') return RunDocuments.fileUri(row.run, row.rollout, row.action, row.path);
  if (row?.is === 'rollout') return RunDocuments.trajectoryUri(row.run, row.row.rollout);
  if (row?.is !== 'action') return undefined;
  return RunDocuments.uri(
    row.run,
    `/rollouts/${row.row.rollout}/at/${row.row.scores[row.at]!.action}/reply.md`,
  );
}

function short(uri: vscode.Uri): string {
  const at = /^\/rollouts\/([^/]+)\/at\/([^/]+)\/(.*)$/.exec(uri.path);
  return at ? `${at[1]} ${at[2]} ${basename(at[3]!)}` : basename(uri.path);
}

async function agree({ comments, store }: Working, thread: vscode.CommentThread): Promise<void> {
  const judged = comments.judgedOf(thread);
  if (!judged) return;
  await keepReview(judged.run, agreed(judged));
  store.refresh();
}

async function overrule({ comments, store }: Working, of: vscode.CommentThread | RunRow): Promise<void> {
  const judged = 'is' in of ? fromRow(of) : comments.judgedOf(of);
  if (!judged) return;
  const { run, rollout, action } = judged;
  const picked = await vscode.window.showQuickPick(
    [...Array.from({ length: 11 }, (_, at) => String(10 - at)), vscode.l10n.t('cannot be judged')],
    {
      title: vscode.l10n.t('The right score of {0}', action),
      placeHolder: vscode.l10n.t('0 is worthless, 10 is as good as it can be'),
    },
  );
  if (picked === undefined) return;
  const reason = await vscode.window.showInputBox({
    title: vscode.l10n.t('Why?'),
    prompt: vscode.l10n.t('Kept in the run with your name and the time.'),
    validateInput: (text) =>
      text.trim() ? null : vscode.l10n.t('Say why: the reason is what the coach is compared with.'),
  });
  if (!reason) return;
  await keepReview(run, { rollout, action, score: /^\d+$/.test(picked) ? Number(picked) : null, reason });
  store.refresh();
}

function fromRow(of: RunRow) {
  if (of.is !== 'action') return undefined;
  return { run: of.run, rollout: of.row.rollout, action: of.row.scores[of.at]!.action };
}

/** Open the designer beside the text that is being looked at. */
async function openDesigner(uri?: vscode.Uri): Promise<void> {
  const of = uri ?? vscode.window.activeTextEditor?.document.uri;
  if (!of) return;
  await vscode.commands.executeCommand(
    'vscode.openWith',
    of,
    customEditors.designer,
    vscode.ViewColumn.Beside,
  );
}
