import * as vscode from 'vscode';
import type { Host } from '../host.js';
import { runScheme, trajectoryLanguageId } from '../names.js';
import { rangeOf } from '../providers/analyses.js';
import type { RunDocuments } from './documents.js';

/** Links, outline and folding of trajectories. */
export function provideTrajectories(host: Host, documents: RunDocuments): void {
  const selector: vscode.DocumentSelector = { scheme: runScheme, language: trajectoryLanguageId };
  host.keep(
    vscode.languages.registerDocumentLinkProvider(selector, {
      async provideDocumentLinks(document) {
        const made = await documents.trajectoryOf(document.uri);
        return (made?.links ?? []).map(({ start, end, path, says }) => {
          const link = new vscode.DocumentLink(rangeOf(document, start, end), document.uri.with({ path }));
          link.tooltip = vscode.l10n.t('Open {0} as it was', says);
          return link;
        });
      },
    }),
  );
  host.keep(
    vscode.languages.registerDocumentSymbolProvider(selector, {
      async provideDocumentSymbols(document) {
        const made = await documents.trajectoryOf(document.uri);
        return (made?.actions ?? []).map(({ action, line, end, score, code }) => {
          const whole = new vscode.Range(
            line,
            0,
            end,
            document.lineAt(Math.min(end, document.lineCount - 1)).text.length,
          );
          return new vscode.DocumentSymbol(
            action,
            [score ?? '-', code].filter(Boolean).join(' '),
            vscode.SymbolKind.Event,
            whole,
            document.lineAt(line).range,
          );
        });
      },
    }),
  );
  host.keep(
    vscode.languages.registerFoldingRangeProvider(selector, {
      async provideFoldingRanges(document) {
        const made = await documents.trajectoryOf(document.uri);
        return (made?.actions ?? []).map(({ line, end }) => new vscode.FoldingRange(line, end));
      },
    }),
  );
}
