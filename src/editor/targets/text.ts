import * as vscode from 'vscode';
import { parseTargets, sshHosts } from '../../target/index.js';
import { afterActivation, type Host } from '../host.js';
import { completeTargets, hoverTargets } from '../language/index.js';
import { targetsLanguageId } from '../names.js';
import { rangeOf } from '../providers/analyses.js';
import { item, markdown } from '../providers/features.js';

/** Problems, completion and hovers in the user's targets.yaml. */
export function provideTargetsText(host: Host): void {
  const collection = host.keep(vscode.languages.createDiagnosticCollection('baton-targets'));
  const show = (document: vscode.TextDocument) => {
    if (document.languageId === targetsLanguageId) collection.set(document.uri, problemsOf(document));
  };
  afterActivation(host, () => vscode.workspace.textDocuments.forEach(show));
  host.keep(vscode.workspace.onDidOpenTextDocument(show));
  host.keep(vscode.workspace.onDidChangeTextDocument(({ document }) => show(document)));
  host.keep(vscode.workspace.onDidCloseTextDocument((document) => collection.delete(document.uri)));
  host.keep(
    vscode.languages.registerCompletionItemProvider(
      targetsLanguageId,
      {
        provideCompletionItems: (document, position) => {
          const found = completeTargets(document.getText(), document.offsetAt(position), sshHosts());
          const range = rangeOf(document, found.start, found.end);
          return found.suggestions.map((each) => item(each, range));
        },
      },
      ':',
      ' ',
      '{',
    ),
  );
  host.keep(
    vscode.languages.registerHoverProvider(targetsLanguageId, {
      provideHover: (document, position) => {
        const hover = hoverTargets(document.getText(), document.offsetAt(position));
        return hover && new vscode.Hover(markdown(hover.parts), rangeOf(document, hover.start, hover.end));
      },
    }),
  );
}

function problemsOf(document: vscode.TextDocument): vscode.Diagnostic[] {
  const parsed = parseTargets(document.getText());
  if ('targets' in parsed) return [];
  return parsed.faults.map(({ message, start, end }) => {
    const found = new vscode.Diagnostic(rangeOf(document, start, end), message);
    found.source = 'baton';
    return found;
  });
}
