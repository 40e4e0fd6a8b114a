import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { mentions, type NameKind, readText, renameEdits, type WorkflowFiles } from '../../workflow/index.js';
import type { Analysis } from '../language/index.js';
import { workflowsAbove } from '../near.js';
import { type Analyses, isWorkflow } from './analyses.js';
import { opened } from './open-files.js';

interface Renamed {
  kind: NameKind;
  from: string;
  to: string;
}
interface Edit {
  document: vscode.TextDocument;
  start: number;
  end: number;
  text: string;
}

/**
 * Edits of the other workflows that name the same prompts or task files and mean their own by a name in them: what is
 * renamed there is renamed in all of them. `shared`: the files that a rename in `workflow` changes, as it names them.
 * Throws with a sentence where one of the others cannot take the name.
 */
export async function siblingEdits(
  workflow: vscode.Uri,
  files: WorkflowFiles,
  shared: Iterable<string>,
  { kind, from, to }: Renamed,
  analyses: Analyses,
): Promise<Edit[]> {
  const edits: Edit[] = [];
  const done = new Set([real(workflow.fsPath)]);
  const changed = new Set([...shared].map((path) => placeOf(files, path)));
  // What is found to be shared on the way is looked at as well.
  for (const path of changed) {
    for (const document of await naming(path, from, files.folder)) {
      const own = real(document.uri.fsPath);
      if (done.has(own)) continue;
      const analysis = analyses.of(document);
      if (!means(analysis, kind, from, path)) continue;
      done.add(own);
      const { source } = analysis;
      const names = [document.uri.fsPath, path].map((each) => vscode.workspace.asRelativePath(each));
      if (!source)
        throw new Error(
          vscode.l10n.t('{0} names {1} too, and is not valid YAML just now; mend it first.', ...names),
        );
      const editsIn = (of: WorkflowFiles) => {
        const renamed = renameEdits(source, kind, from, to, of);
        if ('refused' in renamed)
          throw new Error(vscode.l10n.t('{0} names {1} too: {2}', ...names, renamed.refused));
        return renamed.edits;
      };
      const open = await opened(
        analysis.files,
        editsIn(analysis.files).map(({ file }) => file),
      );
      const before = new Set(changed);
      for (const { file, start, end, text } of editsIn(open.files)) {
        const place = file === null ? null : placeOf(analysis.files, file);
        if (place !== null && before.has(place)) continue;
        if (place !== null) changed.add(place);
        edits.push({ document: file === null ? document : open.documents.get(file)!, start, end, text });
      }
    }
  }
  return edits;
}

/** Whether a workflow means what it declares by a name in a file. */
function means({ source, lastSource, files }: Analysis, kind: NameKind, name: string, path: string): boolean {
  const known = source ?? lastSource;
  return (known ? mentions(known, files, true) : []).some(
    (each) =>
      each.kind === kind && each.name === name && each.file !== null && placeOf(files, each.file) === path,
  );
}

/** Workflows that may name a file: those that are open, and those in the folders above it that hold the name. */
async function naming(path: string, name: string, folder: string): Promise<vscode.TextDocument[]> {
  const open = vscode.workspace.textDocuments.filter(
    (each) => isWorkflow(each) && each.uri.scheme === 'file',
  );
  const known = new Set(open.map(({ uri }) => uri.fsPath));
  const folders = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
  const closed = workflowsAbove(path, [...folders, folder]).filter(
    (each) => !known.has(each) && holds(each, name),
  );
  return [...open, ...(await Promise.all(closed.map((each) => vscode.workspace.openTextDocument(each))))];
}

function holds(path: string, name: string): boolean {
  try {
    return readText(path).includes(name);
  } catch {
    return false;
  }
}

function placeOf(files: WorkflowFiles, path: string): string {
  const found = files.resolve(path);
  return 'path' in found ? found.path : join(files.folder, path);
}

function real(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}
