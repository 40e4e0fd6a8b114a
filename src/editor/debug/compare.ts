import * as vscode from 'vscode';
import { RunDocuments } from '../runs/documents.js';
import type { Run } from '../runs/run.js';

/** The trajectories of two branches side by side: their actions, artifacts, scores and outcomes. */
export async function compareBranches(run: Run, parent: string, branch: string): Promise<void> {
  await vscode.commands.executeCommand(
    'vscode.diff',
    RunDocuments.trajectoryUri(run, parent),
    RunDocuments.trajectoryUri(run, branch),
    `${parent} ↔ ${branch}`,
  );
}
