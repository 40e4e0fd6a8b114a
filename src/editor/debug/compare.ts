import * as vscode from 'vscode';
import { RunDocuments } from '../runs/documents.js';
import type { Run } from '../runs/run.js';

const PATIENCE_MS = 2000;

/** Resolves when the debugger has shown where it stands next, which brings its text to the front. */
export function nextStand(): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      moved.dispose();
      resolve();
    };
    const moved = vscode.debug.onDidChangeActiveStackItem(done);
    const timer = setTimeout(done, PATIENCE_MS);
  });
}

/** The trajectories of two branches side by side: their actions, artifacts, scores and outcomes. */
export async function compareBranches(run: Run, parent: string, branch: string): Promise<void> {
  await vscode.commands.executeCommand(
    'vscode.diff',
    RunDocuments.trajectoryUri(run, parent),
    RunDocuments.trajectoryUri(run, branch),
    `${parent} ↔ ${branch}`,
    { preview: false },
  );
}
