import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';
import { rows } from '../../../src/editor/names.js';
import type { RunStore } from '../../../src/editor/runs/store.js';
import { PolicyRegistry } from '../../../src/engine/index.js';

const { editor } = vi.hoisted(() => {
  const nothing = () => undefined;
  const watcher = { onDidCreate: nothing, onDidChange: nothing, onDidDelete: nothing };
  const workspace = {
    workspaceFolders: [] as { uri: { fsPath: string } }[],
    createFileSystemWatcher: () => watcher,
  };
  class TreeItem {
    constructor(
      readonly label: string,
      readonly collapsibleState: number,
    ) {}
  }
  class EventEmitter {
    event = nothing;
  }
  const l10n = {
    t: (text: string, ...args: unknown[]) => text.replace(/\{(\d)\}/g, (_, at) => String(args[at])),
  };
  const states = { TreeItemCollapsibleState: { None: 0, Collapsed: 1, Expanded: 2 } };
  return { editor: { TreeItem, EventEmitter, ThemeIcon: class {}, l10n, workspace, ...states } };
});
vi.mock('vscode', () => editor);
const { PoliciesTree } = await import('../../../src/editor/runs/policies.js');

test('a role whose training is gone still says what it acts with, and can be rolled back', async () => {
  const home = mkdtempSync(join(tmpdir(), 'baton-policies-'));
  try {
    const weights = join(home, 'weights');
    mkdirSync(weights);
    writeFileSync(join(weights, 'model.safetensors'), 'w');
    new PolicyRegistry(join(home, '.baton/policies')).promote({
      ...{ role: 'modeler', folder: weights, engine: 'tfjs', base: { model: null, hash: 'b' } },
      ...{ method: 'full', hash: 'h', rank: 0.5 },
      from: { run: 'train-1', checkpoint: 'step-3', policy: 'modeler@v3', data: 'd' },
    });
    const host = { keep: (each: unknown) => each } as unknown as Host;
    const found = { runs: async () => [], homes: async () => [home] };
    const store = { ...found, onDidChange: () => undefined } as unknown as RunStore;
    const tree = new PoliciesTree(host, store);
    const shown = await tree.getChildren();
    expect(shown).toHaveLength(1);
    expect(tree.getTreeItem(shown[0]!)).toMatchObject({
      ...{ label: 'modeler', collapsibleState: 0, description: 'acts with step-3' },
      contextValue: rows.promotedRole,
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
