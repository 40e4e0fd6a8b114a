import * as vscode from 'vscode';
import type { Host } from '../host.js';
import { formatWorkflow } from '../language/index.js';
import { languageId } from '../names.js';

/** Formatting that keeps comments. */
export function provideFormatting(host: Host): void {
  host.keep(
    vscode.languages.registerDocumentFormattingEditProvider(languageId, {
      async provideDocumentFormattingEdits(document) {
        const text = document.getText();
        try {
          const formatted = await formatWorkflow(text);
          const all = new vscode.Range(document.positionAt(0), document.positionAt(text.length));
          return formatted === text ? [] : [vscode.TextEdit.replace(all, formatted)];
        } catch (error) {
          host.log.info(`Not formatted: ${(error as Error).message.split('\n')[0]}`);
          return [];
        }
      },
    }),
  );
}
