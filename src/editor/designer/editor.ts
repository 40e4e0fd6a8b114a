import { basename } from 'node:path';
import * as vscode from 'vscode';
import { oneEdit } from '../../workflow/index.js';
import type { Host } from '../host.js';
import { declaration } from '../language/index.js';
import { folderOf } from '../near.js';
import { page, pageOptions } from '../page.js';
import { type DesignerEdit, type ToHost, type ToView, toHost } from '../protocol/designer.js';
import { type Analyses, rangeOf } from '../providers/analyses.js';
import { type OpenedFiles, opened, openFiles } from '../providers/open-files.js';
import { siblingEdits } from '../providers/siblings.js';
import type { RunStore } from '../runs/store.js';
import type { Scores } from '../scores/book.js';
import { changed } from './changes.js';
import { graphOf } from './graph.js';
import { liveOf } from './live.js';

const LIVE_MS = 1000;

/** Draws a workflow as a graph. The text document is the only truth: every edit is an edit of it, so undo is shared. */
export class Designer implements vscode.CustomTextEditorProvider {
  constructor(
    private readonly host: Host,
    private readonly analyses: Analyses,
    private readonly store: RunStore,
    private readonly scores: Scores,
  ) {}

  resolveCustomTextEditor(document: vscode.TextDocument, panel: vscode.WebviewPanel): void {
    const { webview } = panel;
    webview.options = pageOptions(this.host);
    const kept: vscode.Disposable[] = [];
    let ready = false;
    /** Edits are made one after the other: each is an edit of the text that the one before left. */
    let going: Promise<unknown> = Promise.resolve();
    let last = '';
    const send = (message: ToView) => void webview.postMessage(message);
    const refuse = (message: string) => {
      // A page that was hidden meanwhile is gone, and with it what asked.
      if (panel.visible) send({ type: 'refused', message });
      else void vscode.window.showWarningMessage(message);
    };
    const draw = async () => {
      // A hidden page is thrown away, and what is sent to it is lost.
      if (!ready || !panel.visible) return;
      const run = await this.store.chosen(document.uri);
      const analysis = this.analyses.of(document);
      const graph = graphOf(analysis, basename(document.uri.fsPath), liveOf(run, this.scores));
      const text = JSON.stringify(graph);
      // A run that goes on is looked at every second; what did not change is not sent again.
      if (text === last || !panel.visible) return;
      send({ type: 'graph', graph });
      last = text;
    };
    kept.push(
      webview.onDidReceiveMessage((raw) => {
        const message = toHost.safeParse(raw);
        // What is not of this protocol is not from our page, or not for us: it is dropped.
        if (!message.success)
          return this.host.log.warn(`The designer sent something unknown: ${message.error.message}`);
        if (message.data.type === 'ready') {
          // Each time it is shown, the page is made anew and knows nothing.
          ready = true;
          last = '';
        }
        going = going
          .then(async () => {
            const refused = await this.answer(document, message.data);
            if (refused) refuse(refused);
            await draw();
          })
          .catch((error: Error) => {
            this.host.log.error(`designer: ${error.stack ?? error.message}`);
            refuse(error.message);
          });
      }),
      vscode.workspace.onDidChangeTextDocument((change) => change.document === document && void draw()),
      this.store.onDidChange(() => void draw()),
      panel.onDidChangeViewState(() => void draw()),
    );
    const timer = setInterval(() => void draw(), LIVE_MS);
    kept.push({ dispose: () => clearInterval(timer) });
    panel.onDidDispose(() => vscode.Disposable.from(...kept).dispose());
    webview.html = page(this.host, webview, 'designer', 'Baton Designer');
  }

  /** Do what the view asks; gives a sentence where that cannot be done. */
  private answer(document: vscode.TextDocument, message: ToHost): Promise<string | undefined> {
    switch (message.type) {
      case 'ready':
        return Promise.resolve(undefined);
      case 'edit':
        return this.edit(document, message.edit);
      case 'reveal':
        return this.reveal(document, message);
      case 'save':
        return this.save(document);
      default:
        return message satisfies never;
    }
  }

  private async edit(document: vscode.TextDocument, edit: DesignerEdit): Promise<string | undefined> {
    const folder = folderOf(document.uri);
    const disk = folder === undefined ? undefined : openFiles(folder);
    let found: ReturnType<typeof changed>;
    let documents: OpenedFiles['documents'] = new Map();
    let siblings: Awaited<ReturnType<typeof siblingEdits>> = [];
    try {
      found = changed(document.getText(), edit, disk);
      if (disk && 'others' in found && found.others.length > 0) {
        const open = await opened(
          disk,
          found.others.map(({ file }) => file),
        );
        documents = open.documents;
        found = changed(document.getText(), edit, open.files);
        if (edit.do === 'rename')
          siblings = await siblingEdits(document.uri, open.files, documents.keys(), edit, this.analyses);
      }
    } catch (error) {
      return (error as Error).message;
    }
    if ('refused' in found) return found.refused;
    const edits = new vscode.WorkspaceEdit();
    const own = oneEdit(document.getText(), found.text);
    if (own) edits.replace(document.uri, rangeOf(document, own.start, own.end), own.text);
    for (const { file, start, end, text } of found.others) {
      const other = documents.get(file!)!;
      edits.replace(other.uri, rangeOf(other, start, end), text);
    }
    for (const { document: other, start, end, text } of siblings)
      edits.replace(other.uri, rangeOf(other, start, end), text);
    const done = edits.size === 0 || (await vscode.workspace.applyEdit(edits));
    return done ? undefined : vscode.l10n.t('The editor did not take the change; is the file read-only?');
  }

  /** A text that has no file yet is asked about by the editor, which got the key as well. */
  private async save(document: vscode.TextDocument): Promise<string | undefined> {
    if (!document.isDirty || document.isUntitled || (await document.save())) return undefined;
    return vscode.l10n.t('{0} could not be saved; is the file read-only?', basename(document.uri.fsPath));
  }

  private async reveal(
    document: vscode.TextDocument,
    { kind, name }: { kind: 'role' | 'artifact'; name: string },
  ): Promise<string | undefined> {
    const found = declaration(this.analyses.of(document), { kind, name });
    if (!found) return undefined;
    await vscode.window.showTextDocument(document, {
      viewColumn: vscode.ViewColumn.Beside,
      selection: rangeOf(document, found.start, found.end),
    });
    return undefined;
  }
}
