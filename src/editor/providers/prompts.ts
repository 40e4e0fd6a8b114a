import { realpathSync } from 'node:fs';
import * as vscode from 'vscode';
import { fileLinks } from '../../workflow/index.js';
import type { Analysis } from '../language/index.js';
import { promptGlob, workflowsAbove } from '../near.js';
import { type Analyses, isWorkflow } from './analyses.js';

export const promptFiles: vscode.DocumentFilter = { scheme: 'file', pattern: promptGlob };

/** A text file that a workflow names: a prompt, instructions or a rubric. */
export interface PromptFile {
  analysis: Analysis;
  workflow: vscode.Uri;
  /** As the workflow names it. */
  path: string;
}

/** The workflow that names a text file: one that is open, else one in the folders above it; undefined: none does. */
export async function promptFile(
  document: vscode.TextDocument,
  analyses: Analyses,
): Promise<PromptFile | undefined> {
  if (document.uri.scheme !== 'file' || isWorkflow(document)) return undefined;
  const open = vscode.workspace.textDocuments.filter(
    (each) => isWorkflow(each) && each.uri.scheme === 'file',
  );
  for (const workflow of open) {
    const found = named(document, workflow, analyses);
    if (found) return found;
  }
  const folders = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
  for (const path of workflowsAbove(document.uri.fsPath, folders)) {
    const found = named(document, await vscode.workspace.openTextDocument(path), analyses);
    if (found) return found;
  }
  return undefined;
}

function named(
  document: vscode.TextDocument,
  workflow: vscode.TextDocument,
  analyses: Analyses,
): PromptFile | undefined {
  const analysis = analyses.of(workflow);
  const own = realpathSync.native(document.uri.fsPath);
  const { lastSource } = analysis;
  const link =
    lastSource &&
    fileLinks(lastSource).find(({ path }) => {
      const found = analysis.files.resolve(path);
      return 'path' in found && found.path === own;
    });
  return link && { analysis, workflow: workflow.uri, path: link.path };
}
