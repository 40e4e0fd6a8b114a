import { basename } from 'node:path';
import * as vscode from 'vscode';
import { languageId } from './names.js';

/** The one click that makes a YAML file a workflow: the one of a menu, which is shown, or the one in front. */
export async function useLanguage(uri?: vscode.Uri): Promise<void> {
  const document = uri
    ? (await vscode.window.showTextDocument(uri, { preview: false })).document
    : vscode.window.activeTextEditor?.document;
  if (!document) return;
  await vscode.languages.setTextDocumentLanguage(document, languageId);
  // Without a folder there are no settings of one to keep it in.
  const folder = vscode.workspace.getWorkspaceFolder(document.uri);
  if (document.uri.scheme === 'file' && folder) void offerAlways(document.uri, folder.uri);
}

/** The editor forgets a language that was set by hand when the file is closed; a setting of the folder keeps it. */
async function offerAlways(uri: vscode.Uri, folder: vscode.Uri): Promise<void> {
  const always = vscode.l10n.t('Always');
  const says = vscode.l10n.t('{0} is a workflow as long as it is open.', basename(uri.fsPath));
  if ((await vscode.window.showInformationMessage(says, always)) !== always) return;
  const files = vscode.workspace.getConfiguration('files');
  const before = files.inspect<Record<string, string>>('associations')?.workspaceValue;
  // By the folder's name too: another file of the same name elsewhere is meant as little as one below it.
  const path = `${basename(folder.fsPath)}/${vscode.workspace.asRelativePath(uri, false)}`;
  const associations = { ...before, [`**/${path}`]: languageId };
  await files.update('associations', associations, vscode.ConfigurationTarget.Workspace);
}
