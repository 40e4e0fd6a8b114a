import * as vscode from 'vscode';
import { contextKeys } from '../names.js';

/** What waits for each text that is open to be changed, by its path. */
const waiting = new Map<string, (answer: boolean) => void>();

/**
 * Wait for a person to change a text. Resolves with true when they saved it or pressed Fork, and it is on disk; with
 * false when they closed it. What the editor saves by itself is no answer: the text may be half typed.
 */
export async function editedText(file: string, action: string): Promise<boolean> {
  const path = vscode.Uri.file(file).fsPath;
  const go = vscode.l10n.t('Fork');
  const subscriptions: vscode.Disposable[] = [];
  const isIt = (document: vscode.TextDocument) => document.uri.fsPath === path;
  let byHand = false;
  const said = new Promise<boolean>((resolve) => {
    waiting.set(path, resolve);
    subscriptions.push(
      vscode.workspace.onWillSaveTextDocument(({ document, reason }) => {
        if (isIt(document)) byHand = reason === vscode.TextDocumentSaveReason.Manual;
      }),
      vscode.workspace.onDidSaveTextDocument((document) => {
        if (isIt(document) && byHand) resolve(true);
      }),
      vscode.workspace.onDidCloseTextDocument((document) => {
        if (isIt(document)) resolve(false);
      }),
    );
    const says = vscode.l10n.t(
      'Change the text and save it: the rollout goes on from {0} as a new branch. Close it to leave everything as it is.',
      action,
    );
    vscode.window.showInformationMessage(says, go).then((pressed) => pressed === go && resolve(true));
  });
  await tellKeys();
  const answer = await said;
  waiting.delete(path);
  for (const subscription of subscriptions) subscription.dispose();
  if (answer) await vscode.workspace.textDocuments.find(isIt)?.save();
  await tellKeys();
  return answer;
}

/**
 * The button, and the key that saves: where the editor is about to save the text by itself, or has, it tells nobody of
 * a save by hand.
 */
export function forkEdited(): void {
  const document = vscode.window.activeTextEditor?.document;
  if (document) waiting.get(document.uri.fsPath)?.(true);
}

/** By path: in a remote window the editor's own address of a text is another than the extension's. */
async function tellKeys(): Promise<void> {
  await vscode.commands.executeCommand('setContext', contextKeys.forkTexts, [...waiting.keys()]);
}
