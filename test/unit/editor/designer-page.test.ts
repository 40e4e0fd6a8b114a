// The designer's page as it is hidden and shown again: the editor throws a hidden page away.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';
import { analyse } from '../../../src/editor/language/index.js';
import type { ToHost, ToView } from '../../../src/editor/protocol/designer.js';
import type { Analyses } from '../../../src/editor/providers/analyses.js';
import type { RunStore } from '../../../src/editor/runs/store.js';
import type { Scores } from '../../../src/editor/scores/book.js';
import { diskFiles } from '../../../src/workflow/index.js';

type Listener = (of?: unknown) => unknown;
const { editor, told } = vi.hoisted(() => {
  const told = new Map<string, Listener>();
  const on = (name: string) => (listener: Listener) => {
    told.set(name, listener);
    return { dispose: () => undefined };
  };
  const editor = {
    env: { language: 'en' },
    l10n: { t: (text: string) => text, bundle: undefined },
    Uri: { file: (path: string) => path },
    Disposable: { from: (...all: { dispose(): void }[]) => ({ dispose: () => all.map((e) => e.dispose()) }) },
    Range: class {
      constructor(
        readonly start: number,
        readonly end: number,
      ) {}
    },
    WorkspaceEdit: class {
      readonly all: { start: number; end: number; text: string }[] = [];
      replace = (_uri: unknown, { start, end }: { start: number; end: number }, text: string) =>
        void this.all.push({ start, end, text });
      get size() {
        return this.all.length;
      }
    },
    workspace: {
      ...{ onDidChangeTextDocument: on('text'), textDocuments: [] },
      applyEdit: async (_edit: unknown) => true,
    },
  };
  return { editor, told };
});
vi.mock('vscode', () => editor);
const { Designer } = await import('../../../src/editor/designer/index.js');

const folder = join(import.meta.dirname, '../../../media/templates/table-team');
const path = join(folder, 'table-team.baton.yaml');
const template = readFileSync(path, 'utf8');

let text: string;
let sent: ToView[];
let panel: { visible: boolean };
/** What lies on disk; null where nothing was saved. */
let disk: string | null;
let writable: boolean;
const on = (name: string) => (listener: Listener) => {
  told.set(name, listener);
  return { dispose: () => undefined };
};
const document = {
  uri: { scheme: 'file', path, fsPath: path, toString: () => path },
  getText: () => text,
  positionAt: (offset: number) => offset,
  ...{ isDirty: true, isUntitled: false },
  save: async () => {
    if (writable) disk = text;
    return writable;
  },
};
type Replaced = { all: { start: number; end: number; text: string }[] };
editor.workspace.applyEdit = async (edit) => {
  // The editor takes its time, and a save that is asked for meanwhile would be of the text before.
  await new Promise((resolve) => setImmediate(resolve));
  for (const each of (edit as Replaced).all)
    text = text.slice(0, each.start) + each.text + text.slice(each.end);
  return true;
};
const page = (message: ToHost) => told.get('message')!(message);
const graphs = () =>
  sent.flatMap((each) => (each.type === 'graph' ? [each.graph.roles.map(({ name }) => name)] : []));

beforeEach(() => {
  text = template;
  sent = [];
  disk = null;
  writable = true;
  const webview = {
    asWebviewUri: (uri: string) => uri,
    onDidReceiveMessage: on('message'),
    // What a hidden page is sent is lost, as in the editor.
    postMessage: (message: ToView) => panel.visible && sent.push(message),
  };
  const shown = { webview, visible: true, onDidChangeViewState: on('view'), onDidDispose: on('gone') };
  panel = shown;
  const host = { shipped: (file: string) => file, log: { warn: expect.fail, error: expect.fail } };
  const analyses = { of: () => analyse(text, path, diskFiles(folder)) } as unknown as Analyses;
  const store = { chosen: async () => undefined, onDidChange: on('runs') } as unknown as RunStore;
  const designer = new Designer(host as unknown as Host, analyses, store, {} as Scores);
  designer.resolveCustomTextEditor(document as never, shown as never);
});
afterEach(() => told.get('gone')!());

test('a page that comes back from behind another tab is drawn anew, with what changed meanwhile', async () => {
  const before = ['data_engineer', 'modeler', 'analyst'];
  page({ type: 'ready' });
  await expect.poll(graphs).toEqual([before]);

  panel.visible = false;
  told.get('view')!();
  text = template.replaceAll('modeler', 'smith');
  told.get('text')!({ document });
  panel.visible = true;
  told.get('view')!();
  page({ type: 'ready' });
  await expect.poll(() => graphs().at(-1)).toEqual(['data_engineer', 'smith', 'analyst']);

  // Nothing changed this time: the new page knows nothing all the same.
  const known = sent.length;
  panel.visible = false;
  panel.visible = true;
  page({ type: 'ready' });
  await expect.poll(() => sent.length).toBeGreaterThan(known);
});

test('what changes while the page is hidden and kept is sent when it is seen again', async () => {
  page({ type: 'ready' });
  await expect.poll(graphs).toHaveLength(1);
  panel.visible = false;
  text = template.replaceAll('modeler', 'smith');
  told.get('text')!({ document });
  panel.visible = true;
  told.get('view')!();
  await expect.poll(() => graphs().at(-1)).toContain('smith');
});

const turns: ToHost = {
  type: 'edit',
  edit: { do: 'role', name: 'analyst', field: 'max_turns', value: 7 },
};

test('saving while a field is typed in saves what was typed: the edit first, then the file', async () => {
  page({ type: 'ready' });
  page(turns);
  page({ type: 'save' });
  await expect.poll(() => disk).toContain('max_turns: 7');
});

test('a workflow that could not be saved is told of', async () => {
  writable = false;
  page({ type: 'ready' });
  page(turns);
  page({ type: 'save' });
  await expect
    .poll(() => sent.at(-1))
    .toMatchObject({ type: 'refused', message: expect.stringContaining('could not be saved') });
});
