// Training pages as they come back after the window was reloaded, where a run of theirs was deleted.
import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import type { WebviewPanel } from 'vscode';
import type { ToView } from '../../../src/editor/protocol/training.js';
import { Run } from '../../../src/editor/runs/run.js';
import { listRuns } from '../../../src/trace/index.js';

type Listener = (of?: unknown) => unknown;
const editor = vi.hoisted(() => ({
  env: { language: 'en' },
  l10n: {
    t: (text: string, ...args: unknown[]) => text.replace(/\{(\d)\}/g, (_, at) => String(args[at])),
    bundle: undefined,
  },
  Uri: { file: (path: string) => path },
  ViewColumn: { Active: 1 },
  Disposable: { from: (...all: { dispose(): void }[]) => ({ dispose: () => all.map((e) => e.dispose()) }) },
}));
vi.mock('vscode', () => editor);
const { TrainingPanels } = await import('../../../src/editor/training/panels.js');

let runs: ReturnType<typeof runOf>[];
let changed: Set<Listener>;
beforeEach(() => {
  changed = new Set();
  runs = [runOf('kept')];
});

const heard = (listeners: Set<Listener>) => (listener: Listener) => {
  listeners.add(listener);
  return { dispose: () => void listeners.delete(listener) };
};
function runOf(key: string) {
  return { key, info: { kind: 'train' }, state: () => 'done', folder: { name: key, log: `/none/${key}` } };
}

function pageOf() {
  const sent: ToView[] = [];
  const [messages, gone] = [new Set<Listener>(), new Set<Listener>()];
  const webview = {
    ...{ html: '', options: {}, asWebviewUri: String },
    postMessage: (message: ToView) => sent.push(message),
    onDidReceiveMessage: heard(messages),
  };
  const none = new Set<Listener>();
  const panel = {
    ...{ webview, title: '', visible: true, iconPath: null },
    reveal: vi.fn(),
    ...{ onDidChangeViewState: heard(none), onDidDispose: heard(gone) },
  };
  const ask = (message: object) => [...messages].map((each) => each(message));
  const close = () => [...gone].map((each) => each());
  return { panel: panel as unknown as WebviewPanel & { reveal: unknown }, sent, ask, close };
}

function panels() {
  const store = {
    runs: async () => runs,
    byKey: async (key: string) => runs.find((run) => run.key === key),
    onDidChange: heard(changed),
  };
  const host = { shipped: (path: string) => path, log: { warn: expect.fail } };
  return new TrainingPanels({ host, store } as never);
}
const change = () => Promise.all([...changed].map((each) => each()));

test('the page of a deleted run stays of use beside that of another run, and takes the next training', async () => {
  const all = panels();
  const [kept, lost] = [pageOf(), pageOf()];
  await all.deserializeWebviewPanel(kept.panel, { run: 'kept' });
  await all.deserializeWebviewPanel(lost.panel, { run: 'deleted' });
  expect([kept.panel.title, lost.panel.title]).toEqual(['Training kept', '']);

  await change();
  lost.ask({ type: 'ready' });
  expect(lost.sent).toMatchObject([{ type: 'empty', message: expect.stringContaining('not in the open') }]);

  runs = [runOf('new'), ...runs];
  await change();
  expect([kept.panel.title, lost.panel.title]).toEqual(['Training kept', 'Training new']);
  await all.show(runs[0] as never);
  expect(lost.panel.reveal).toHaveBeenCalledOnce();
});

test('two empty pages do not take each other’s place; a training fills one of them', async () => {
  runs = [];
  const all = panels();
  const [first, second] = [pageOf(), pageOf()];
  await all.deserializeWebviewPanel(first.panel, { run: 'deleted-1' });
  await all.deserializeWebviewPanel(second.panel, { run: 'deleted-2' });
  await all.show();
  expect(first.panel.reveal).toHaveBeenCalledOnce();
  runs = [runOf('new')];
  await change();
  expect([first.panel.title, second.panel.title]).toEqual(['Training new', '']);
  second.ask({ type: 'ready' });
  expect(second.sent).toMatchObject([{ type: 'empty' }]);
  first.close();
  await change();
  expect(second.panel.title).toBe('Training new');
});

test('a page whose run is deleted meanwhile says so and offers nothing; it is drawn again where the run is back', async () => {
  const place = mkdtempSync(join(tmpdir(), 'baton-gone-'));
  try {
    cpSync(join(import.meta.dirname, '../../../media/sample/runs'), join(place, '.baton/runs'), {
      recursive: true,
    });
    const run = Run.open(listRuns(place)[0]!, false) as Run;
    Object.assign(run.info.options, { steps: 5 });
    runs = [run as never];
    const { panel, sent, ask } = pageOf();
    await panels().deserializeWebviewPanel(panel, { run: run.key });
    ask({ type: 'ready' });
    await expect.poll(() => sent.at(-1)).toMatchObject({ type: 'dashboard' });

    const away = `${place}-away`;
    renameSync(run.folder.path, away);
    await change();
    await change();
    const says = expect.stringContaining('not in the open folders any more');
    await expect.poll(() => sent.slice(1)).toEqual([{ type: 'empty', message: says, train: false }]);

    renameSync(away, run.folder.path);
    await change();
    await expect.poll(() => sent.at(-1)).toMatchObject({ type: 'dashboard' });
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});
