import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { type Host, mayRun } from './host.js';
import { languageId } from './names.js';
import { freeName } from './near.js';

/** Ask for a folder, where several are open, and for what to begin with; write or draft the workflow there. */
export async function newWorkflow(host: Host): Promise<void> {
  if (!(await mayRun())) return;
  const folders = vscode.workspace.workspaceFolders ?? [];
  const folder = folders.length > 1 ? (await vscode.window.showWorkspaceFolderPick())?.uri : folders[0]?.uri;
  if (!folder && folders.length > 1) return;
  if (!folder) return draft(await vscode.workspace.openTextDocument({ language: languageId, content: '' }));
  const template = vscode.l10n.t('Example team: three roles hand real tables around');
  const picked = await vscode.window.showQuickPick(
    [
      {
        label: vscode.l10n.t('Blank'),
        description: vscode.l10n.t('two roles and a model server of yours'),
        template: false,
      },
      { label: 'table-team', description: template, template: true },
    ],
    { title: vscode.l10n.t('New workflow in {0}', basename(folder.fsPath)) },
  );
  if (!picked) return;
  const drafts = new Set(vscode.workspace.textDocuments.map(({ uri }) => uri.fsPath));
  const taken = (name: string) => {
    const path = join(folder.fsPath, name);
    return existsSync(path) || drafts.has(path);
  };
  if (picked.template) {
    const copy = vscode.Uri.joinPath(folder, freeName('table-team', '', taken));
    const from = vscode.Uri.file(host.shipped('media/templates/table-team'));
    await vscode.workspace.fs.copy(from, copy, { overwrite: false });
    await vscode.window.showTextDocument(vscode.Uri.joinPath(copy, 'table-team.baton.yaml'));
    return;
  }
  const path = join(folder.fsPath, freeName('team', '.baton.yaml', taken));
  const uri = vscode.Uri.file(path).with({ scheme: 'untitled' });
  await draft(await vscode.workspace.openTextDocument(uri));
}

/** Show a document that is empty and lay the smallest workflow into it, its places to fill in one after the other. */
async function draft(document: vscode.TextDocument): Promise<void> {
  await vscode.window.showTextDocument(document);
  await vscode.commands.executeCommand('editor.action.insertSnippet', {
    langId: languageId,
    name: 'Workflow',
  });
}
