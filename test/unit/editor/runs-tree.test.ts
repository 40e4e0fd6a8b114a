// What the row of a run says.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';
import { Run } from '../../../src/editor/runs/run.js';
import { updateSeconds } from '../../../src/editor/training/estimate.js';
import { type Happening, LogWriter, RunFolder } from '../../../src/trace/index.js';

const { editor } = vi.hoisted(() => {
  const nothing = () => undefined;
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
  const workspace = { asRelativePath: (path: string) => path, workspaceFolders: [] };
  const states = { TreeItemCollapsibleState: { None: 0, Collapsed: 1, Expanded: 2 } };
  return {
    editor: {
      ...{ TreeItem, EventEmitter, ThemeIcon: class {}, ThemeColor: class {}, l10n, workspace, ...states },
    },
  };
});
vi.mock('vscode', () => editor);
const { RunsTree } = await import('../../../src/editor/runs/tree.js');

const sample = join(import.meta.dirname, '../../../media/sample/runs');
const ended = (rollout: string, step: string): Happening => ({
  type: 'rollout.ended',
  data: {
    ...{ rollout, task: 'a', stratum: 'all', group: 'a', sample: 0, step, status: 'done', outcome: null },
    ...{ scores: [], repaired: { failed: 0, repaired: 0 }, head: 'x'.repeat(4000), seconds: 1 },
  },
});

test('a training says how far it is however many rollouts a step has', async () => {
  const place = mkdtempSync(join(tmpdir(), 'baton-row-'));
  try {
    const info = new RunFolder(join(sample, readdirSync(sample)[0]!)).readInfo();
    const folder = RunFolder.create(join(place, '.baton/runs/train-1'), {
      ...info,
      ...{ run: 'train-1', kind: 'train', options: { steps: 5 } },
    });
    const { log } = await LogWriter.open(folder.log);
    const report = { roles: [{ skipped: null }], seconds: { training: 3 } };
    log.append({ type: 'training.step', data: { step: 1, report } });
    for (let at = 0; at < 100; at++) log.append(ended(`train-3.a-0.${at}`, 'train-3'));
    await log.sync();
    const run = Run.open(folder, false) as Run;
    const host = { keep: (each: unknown) => each } as unknown as Host;
    const quiet = { onDidChange: () => undefined, visible: false } as never;
    const tree = new RunsTree(host, quiet, quiet, quiet);
    const says = () => String(tree.getTreeItem({ is: 'run', run }).description);
    expect(says()).toContain('step 2 of 5');
    // What an estimate of the next training rests on.
    expect(updateSeconds(run.steps())).toBe(3);
    log.append({ type: 'training.step', data: { step: 2, report } });
    await log.close();
    expect(says()).toContain('step 3 of 5');
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});
