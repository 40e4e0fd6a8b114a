import * as vscode from 'vscode';
import { debugType } from '../names.js';
import { findWorkflows } from '../near.js';
import type { RunStore } from '../runs/store.js';
import { hasTask } from './has-task.js';
import { lastFailed } from './last-failed.js';

/** Workflows that are offered at most. */
const MOST = 20;

/**
 * What the debugger can begin with in an open folder, without a launch.json: for each workflow the rollout that its
 * shown run failed last, the task of that one live (where it still has that), and its first task live. The editor asks
 * once more for what is in no folder, which is nothing where there are some.
 */
export async function offeredConfigurations(
  store: RunStore,
  folder: vscode.WorkspaceFolder | undefined,
): Promise<vscode.DebugConfiguration[]> {
  if (!folder && vscode.workspace.workspaceFolders?.length) return [];
  const files = (await findWorkflows(MOST)).filter(
    (uri) => uri.scheme === 'file' && vscode.workspace.getWorkspaceFolder(uri)?.index === folder?.index,
  );
  const found = await Promise.all(files.map((uri) => ofWorkflow(store, uri)));
  const all = found.flat();
  if (all.some(({ rollout }) => rollout !== undefined)) return all;
  // Of the sample run, or a sentence that says how to come by a run.
  return [launch(vscode.l10n.t('Step through the last failed rollout'), { run: 'last' }), ...all];
}

async function ofWorkflow(store: RunStore, uri: vscode.Uri): Promise<vscode.DebugConfiguration[]> {
  const name = vscode.workspace.asRelativePath(uri);
  const program = uri.fsPath;
  const run = await store.chosen(uri);
  const row = run && lastFailed(run);
  const live = launch(vscode.l10n.t('{0}: debug its first task live', name), { live: true, program });
  if (!row) return [live];
  const { rollout, task } = row;
  return [
    launch(vscode.l10n.t('{0}: step through {1}', name, rollout), { run: run.key, rollout }),
    ...(hasTask(program, task)
      ? [launch(vscode.l10n.t('{0}: debug {1} live', name, task), { live: true, program, task })]
      : []),
    live,
  ];
}

function launch(name: string, more: object): vscode.DebugConfiguration {
  return { type: debugType, request: 'launch', name, ...more };
}
