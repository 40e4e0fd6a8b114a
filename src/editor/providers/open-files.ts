import { join } from 'node:path';
import * as vscode from 'vscode';
import { diskFiles, type WorkflowFiles } from '../../workflow/index.js';

/**
 * Files of a folder as the editor has them: what is not saved yet counts, and places are counted in the text of the
 * open document, whose line ends may be others than the file's.
 */
export function openFiles(folder: string): WorkflowFiles {
  const disk = diskFiles(folder);
  return {
    ...disk,
    read(path) {
      const found = disk.resolve(path);
      if ('refused' in found) return found;
      const document = vscode.workspace.textDocuments.find(
        ({ uri }) => uri.scheme === 'file' && uri.fsPath === found.path,
      );
      return document ? { text: document.getText() } : disk.read(path);
    },
  };
}

/** Files of which some are opened in the editor, and read as it has them. */
export interface OpenedFiles {
  files: WorkflowFiles;
  documents: ReadonlyMap<string, vscode.TextDocument>;
}

/**
 * Open files beside a workflow before places are looked for in them: only then are they places in the editor's text.
 * `uriOf`: where a file lies, for a workflow that is not on disk.
 */
export async function opened(
  files: WorkflowFiles,
  paths: Iterable<string | null>,
  uriOf = (path: string): vscode.Uri => vscode.Uri.file(join(files.folder, path)),
): Promise<OpenedFiles> {
  const documents = new Map<string, vscode.TextDocument>();
  for (const path of new Set(paths))
    if (path !== null) documents.set(path, await vscode.workspace.openTextDocument(uriOf(path)));
  return {
    files: {
      ...files,
      read(path) {
        const document = documents.get(path);
        return document ? { text: document.getText() } : files.read(path);
      },
    },
    documents,
  };
}
