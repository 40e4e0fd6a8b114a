import * as vscode from 'vscode';
import type { Host } from '../host.js';
import { views } from '../names.js';
import type { Run } from './run.js';
import type { RunStore } from './store.js';

type PolicyRow = { is: 'role'; role: string; versions: Version[] } | { is: 'version'; version: Version };
interface Version {
  name: string;
  step: number;
  run: Run;
}

/** Each role's trained versions, from the checkpoints that the logs of training jobs tell of. */
export class PoliciesTree implements vscode.TreeDataProvider<PolicyRow> {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;

  constructor(
    host: Host,
    private readonly store: RunStore,
  ) {
    host.keep(this.changed);
    host.keep(vscode.window.createTreeView(views.policies, { treeDataProvider: this }));
    host.keep(store.onDidChange(() => this.changed.fire(undefined)));
  }

  async getChildren(row?: PolicyRow): Promise<PolicyRow[]> {
    if (row) return row.is === 'role' ? row.versions.map((version) => ({ is: 'version', version })) : [];
    const roles = new Map<string, Version[]>();
    for (const run of await this.store.runs()) {
      if (run.info.kind !== 'train') continue;
      for (const event of run.tail())
        if (event.type === 'checkpoint.saved')
          for (const [role, name] of Object.entries(event.data.policies))
            roles.set(role, [{ name, step: event.data.step, run }, ...(roles.get(role) ?? [])]);
    }
    return [...roles].map(([role, versions]) => ({ is: 'role', role, versions }));
  }

  getTreeItem(row: PolicyRow): vscode.TreeItem {
    if (row.is === 'role') {
      const item = new vscode.TreeItem(row.role, vscode.TreeItemCollapsibleState.Collapsed);
      item.iconPath = new vscode.ThemeIcon('person');
      item.description = vscode.l10n.t('{0} versions', row.versions.length);
      return item;
    }
    const item = new vscode.TreeItem(row.version.name);
    item.iconPath = new vscode.ThemeIcon('package');
    item.description = vscode.l10n.t('step {0} of {1}', row.version.step, row.version.run.folder.name);
    return item;
  }
}
