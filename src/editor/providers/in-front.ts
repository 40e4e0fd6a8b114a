import { basename } from 'node:path';
import * as vscode from 'vscode';
import { customEditors } from '../names.js';
import { findWorkflows } from '../near.js';
import { isWorkflow } from './analyses.js';

/** The workflow that is looked at: in the designer or in a text editor; undefined where none is. */
export function workflowInFront(): vscode.Uri | undefined {
  // No text editor is active while the designer is.
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof vscode.TabInputCustom && input.viewType === customEditors.designer) return input.uri;
  const active = vscode.window.activeTextEditor?.document;
  return active && isWorkflow(active) ? active.uri : undefined;
}

/**
 * One of the workflows in the open folders: the only one, or the one that is picked. `before`: the path of what was
 * picked the last time, which comes first. Undefined where there is none, which is said, or none was picked.
 */
export async function pickWorkflow(title: string, before?: string): Promise<vscode.Uri | undefined> {
  const found = await findWorkflows(100);
  if (found.length === 0) {
    await vscode.window.showInformationMessage(
      vscode.l10n.t('There is no *.baton.yaml in the open folders. Make one with "Baton: New Workflow".'),
    );
    return undefined;
  }
  if (found.length === 1) return found[0];
  const items = found
    .sort(
      (a, b) => Number(b.fsPath === before) - Number(a.fsPath === before) || (a.fsPath < b.fsPath ? -1 : 1),
    )
    .map((uri) => ({ label: basename(uri.fsPath), description: vscode.workspace.asRelativePath(uri), uri }));
  return (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.uri;
}
