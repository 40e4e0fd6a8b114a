import * as vscode from 'vscode';
import { diskFiles, type WorkflowFiles } from '../../workflow/index.js';

/** Files of a folder as the editor has them: what is not saved yet counts. */
export function openFiles(folder: string): WorkflowFiles {
  const disk = diskFiles(folder);
  return {
    ...disk,
    read(path) {
      const found = disk.resolve(path);
      if ('refused' in found) return found;
      const open = vscode.workspace.textDocuments.find(
        ({ uri, isDirty }) => isDirty && uri.scheme === 'file' && uri.fsPath === found.path,
      );
      return open ? { text: open.getText() } : disk.read(path);
    },
  };
}
