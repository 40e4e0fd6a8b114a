import { readdirSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import * as vscode from 'vscode';

/** Workflows, as a glob. */
export const workflowGlob = '**/*.baton.{yaml,yml}';

/** The workflows in the open folders, so many at most. */
export async function findWorkflows(most: number): Promise<vscode.Uri[]> {
  return vscode.workspace.findFiles(workflowGlob, '**/node_modules/**', most);
}

/** Whether a YAML text says that it is a workflow: by the version of the format at its top level. */
export function looksLikeWorkflow(text: string): boolean {
  return /^baton:[ \t]*1[ \t]*(#.*)?\r?$/m.test(text);
}

/** Files that may be a prompt: their endings, as a glob. */
export const promptGlob = '**/*.{md,txt}';

/**
 * Absolute paths of the workflows in a file's folder and in those above it, nearest first, up to the open folder that
 * the file lies in; none where it lies in no open folder.
 */
export function workflowsAbove(file: string, openFolders: readonly string[]): string[] {
  const found: string[] = [];
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (!openFolders.some((open) => folder === open || liesIn(open, folder))) return found;
    for (const name of namesIn(folder)) if (/\.baton\.ya?ml$/.test(name)) found.push(join(folder, name));
  }
}

/** The folder of a workflow as the open folders have it, to tell apart those of one name; null at their top. */
export function whereIs(workflow: string): string | null {
  const folder = dirname(vscode.workspace.asRelativePath(workflow));
  return folder === '.' || isAbsolute(folder) ? null : folder;
}

/** Whether a path lies in a folder. */
export function liesIn(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/**
 * The folder that what a document names lies in: its own, also where it is a draft that is not saved yet; undefined
 * where it has no place on disk.
 */
export function folderOf({
  scheme,
  path,
  fsPath,
}: Pick<vscode.Uri, 'scheme' | 'path' | 'fsPath'>): string | undefined {
  return ['file', 'untitled'].includes(scheme) && path.startsWith('/') ? dirname(fsPath) : undefined;
}

/** `team.baton.yaml`, else `team-2.baton.yaml` and so on: the first that is not taken. */
export function freeName(stem: string, ending: string, taken: (name: string) => boolean): string {
  for (let at = 1; ; at++) {
    const name = `${stem}${at === 1 ? '' : `-${at}`}${ending}`;
    if (!taken(name)) return name;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
