import * as vscode from 'vscode';
import type { Host } from '../host.js';
import { once } from './once.js';

type Rows<T> = Required<Pick<vscode.TreeDataProvider<T>, 'getChildren' | 'getTreeItem'>> &
  Pick<vscode.TreeDataProvider<T>, 'getParent'> & {
    readonly onDidChangeTreeData: vscode.Event<T[] | undefined>;
  };

/** A tree that stands in its place at once; its rows are loaded when it is first looked at. */
export class LazyTree<T> implements vscode.TreeDataProvider<T> {
  private readonly changed = new vscode.EventEmitter<T[] | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  readonly view: vscode.TreeView<T>;
  private readonly rows: () => Promise<Rows<T>>;

  constructor(host: Host, id: string, load: () => Promise<Rows<T>>) {
    host.keep(this.changed);
    this.rows = once(async () => {
      const rows = await load();
      host.keep(rows.onDidChangeTreeData((which) => this.changed.fire(which)));
      return rows;
    });
    this.view = host.keep(
      vscode.window.createTreeView(id, { treeDataProvider: this, showCollapseAll: true }),
    );
  }

  async getChildren(row?: T): Promise<T[]> {
    return (await (await this.rows()).getChildren(row)) ?? [];
  }

  async getTreeItem(row: T): Promise<vscode.TreeItem> {
    return (await this.rows()).getTreeItem(row);
  }

  async getParent(row: T): Promise<T | undefined> {
    return (await (await this.rows()).getParent?.(row)) ?? undefined;
  }
}
