import * as vscode from 'vscode';
import type { Problem } from '../../workflow/index.js';
import { afterActivation, type Host } from '../host.js';
import { fixesFor } from '../language/index.js';
import { languageId } from '../names.js';
import { type Analyses, isWorkflow, rangeOf } from './analyses.js';

const REST_MS = 600;

/** Problems as one types, the same as `baton check` finds, with what mends them. */
export function provideDiagnostics(host: Host, analyses: Analyses): void {
  const collection = host.keep(vscode.languages.createDiagnosticCollection('baton'));
  const show = (document: vscode.TextDocument, tasks: boolean) => {
    // A recorded text is looked at, not mended.
    if (!isWorkflow(document) || !['file', 'untitled', 'vscode-remote'].includes(document.uri.scheme)) return;
    collection.set(document.uri, analyses.of(document, tasks).problems.map(diagnostic));
  };
  /** Loading every task takes longer than a key stroke: it waits until typing rests. */
  const resting = new Map<string, NodeJS.Timeout>();
  const showAtRest = (uri: vscode.Uri) => {
    const key = uri.toString();
    clearTimeout(resting.get(key));
    resting.set(
      key,
      setTimeout(() => {
        resting.delete(key);
        const open = vscode.workspace.textDocuments.find((each) => each.uri.toString() === key);
        if (open) show(open, true);
      }, REST_MS),
    );
  };
  host.keep({ dispose: () => [...resting.values()].forEach(clearTimeout) });
  afterActivation(host, () => {
    for (const document of vscode.workspace.textDocuments) show(document, true);
  });
  host.keep(vscode.workspace.onDidOpenTextDocument((document) => show(document, true)));
  host.keep(vscode.workspace.onDidSaveTextDocument((document) => show(document, true)));
  host.keep(
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      show(document, false);
      if (isWorkflow(document)) showAtRest(document.uri);
    }),
  );
  host.keep(analyses.onDidChangeBeside(showAtRest));
  host.keep(vscode.workspace.onDidCloseTextDocument((document) => collection.delete(document.uri)));
  host.keep(
    vscode.languages.registerCodeActionsProvider(
      languageId,
      { provideCodeActions: (document, _range, { diagnostics }) => actions(document, diagnostics, analyses) },
      { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
    ),
  );
}

function diagnostic(problem: Problem): vscode.Diagnostic {
  const severity =
    problem.severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning;
  const found = new vscode.Diagnostic(rangeOfProblem(problem), problem.message, severity);
  found.code = problem.code;
  found.source = 'baton';
  if (problem.code === 'artifact.unused') found.tags = [vscode.DiagnosticTag.Unnecessary];
  return found;
}

function rangeOfProblem(problem: Problem): vscode.Range {
  return new vscode.Range(problem.line - 1, problem.column - 1, problem.endLine - 1, problem.endColumn - 1);
}

function actions(
  document: vscode.TextDocument,
  diagnostics: readonly vscode.Diagnostic[],
  analyses: Analyses,
): vscode.CodeAction[] {
  const analysis = analyses.of(document);
  return diagnostics
    .filter((each) => each.source === 'baton')
    .flatMap((each) => {
      const problem = analysis.problems.find(
        (one) => one.code === each.code && rangeOfProblem(one).isEqual(each.range),
      );
      return (problem ? fixesFor(problem, analysis) : []).map((fix, at) => {
        const action = new vscode.CodeAction(fix.title, vscode.CodeActionKind.QuickFix);
        action.edit = new vscode.WorkspaceEdit();
        action.edit.replace(document.uri, rangeOf(document, fix.start, fix.end), fix.text);
        action.diagnostics = [each];
        action.isPreferred = at === 0;
        return action;
      });
    });
}
