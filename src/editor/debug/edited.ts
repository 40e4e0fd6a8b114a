import * as vscode from 'vscode';

/**
 * Wait for a person to change a text. Resolves with true when they saved it or pressed Fork, and it is on disk; with
 * false when they closed it. What the editor saves by itself is no answer: the text may be half typed.
 */
export async function editedText(file: string, action: string): Promise<boolean> {
  const go = vscode.l10n.t('Fork');
  const subscriptions: vscode.Disposable[] = [];
  const isIt = (document: vscode.TextDocument) => document.uri.fsPath === file;
  let byHand = false;
  const said = new Promise<boolean>((resolve) => {
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
  const answer = await said;
  for (const subscription of subscriptions) subscription.dispose();
  if (answer) await vscode.workspace.textDocuments.find(isIt)?.save();
  return answer;
}
