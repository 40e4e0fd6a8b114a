import * as vscode from 'vscode';
import type { RunDocuments } from '../runs/documents.js';
import type { MomentEntry } from '../runs/moments.js';

/** A file or a folder of the workspace at which the debugger looks. */
export interface MomentRow extends MomentEntry {
  uri: vscode.Uri;
}

/** The workspace of the moment at which the debugger stands, as a read-only folder tree that follows it. */
export class MomentTree implements vscode.TreeDataProvider<MomentRow> {
  private readonly changed = new vscode.EventEmitter<MomentRow[] | undefined>();
  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly documents: RunDocuments) {
    documents.onDidMove(() => this.changed.fire(undefined));
  }

  getChildren(row?: MomentRow): MomentRow[] {
    return this.documents.nowIn(row?.uri);
  }

  getTreeItem({ uri, directory }: MomentRow): vscode.TreeItem {
    const { TreeItemCollapsibleState: open } = vscode;
    const item = new vscode.TreeItem(uri, directory ? open.Collapsed : open.None);
    if (!directory) item.command = { command: 'vscode.open', title: vscode.l10n.t('Open'), arguments: [uri] };
    return item;
  }
}
