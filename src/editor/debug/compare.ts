import * as vscode from 'vscode';
import { RunDocuments } from '../runs/documents.js';
import type { Run } from '../runs/run.js';

/**
 * The trajectories of two branches side by side: their actions, artifacts, scores and outcomes. `beside`: in a group of
 * their own, since the debugger brings the text at which it stands to the front of the other.
 */
export async function compareBranches(
  run: Run,
  parent: string,
  branch: string,
  beside = false,
): Promise<void> {
  await vscode.commands.executeCommand(
    'vscode.diff',
    RunDocuments.trajectoryUri(run, parent),
    RunDocuments.trajectoryUri(run, branch),
    `${parent} ↔ ${branch}`,
    beside ? { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true, preview: false } : {},
  );
}
