// The workflows that the Test Explorer lists, as files come and go.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';

interface Item {
  id: string;
  uri: { fsPath: string };
}
type Listener = (of: never) => unknown;

const { editor, told, items, found } = vi.hoisted(() => {
  const told = new Map<string, Listener>();
  const items = new Map<string, Item>();
  const found: { fsPath: string; toString(): string }[] = [];
  const on = (name: string) => (listener: Listener) => {
    told.set(name, listener);
    return { dispose: () => undefined };
  };
  const controller = {
    items: {
      get: (id: string) => items.get(id),
      add: (item: Item) => items.set(item.id, item),
      delete: (id: string) => items.delete(id),
      [Symbol.iterator]: () => [...items][Symbol.iterator](),
    },
    createTestItem: (id: string, label: string, uri: unknown) => ({ id, label, uri, children: new Map() }),
    createRunProfile: () => undefined,
    refreshHandler: async () => undefined as unknown,
  };
  const editor = {
    controller,
    l10n: { t: (text: string) => text },
    EventEmitter: class {},
    TestRunProfileKind: { Run: 1, Debug: 2 },
    tests: { createTestController: () => controller },
    workspace: {
      textDocuments: [],
      findFiles: async () => [...found],
      asRelativePath: (path: string) => relative(place, path),
      onDidOpenTextDocument: on('opened'),
      onDidSaveTextDocument: on('saved'),
      onDidChangeWorkspaceFolders: on('folders'),
      createFileSystemWatcher: (glob: string) => ({
        onDidCreate: on(`made ${glob}`),
        onDidDelete: on(`gone ${glob}`),
      }),
    },
  };
  return { editor, told, items, found };
});
vi.mock('vscode', () => editor);
const { TaskTests } = await import('../../../src/editor/tests/controller.js');
const { liesIn, workflowGlob } = await import('../../../src/editor/near.js');

let place: string;
const uriOf = (name: string) => ({ fsPath: join(place, name), toString: () => `file:${join(place, name)}` });
const write = (name: string) => {
  mkdirSync(dirname(join(place, name)), { recursive: true });
  writeFileSync(join(place, name), 'baton: 1\n');
};
const listed = () => [...items.values()].map(({ uri }) => basename(uri.fsPath)).sort();
const tell = (name: string, of: unknown) => told.get(name)!(of as never);

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'baton-items-'));
  items.clear();
  found.length = 0;
  for (const name of ['a.baton.yaml', 'b.baton.yaml', 'inner/c.baton.yaml', 'inner2/d.baton.yaml']) {
    write(name);
    found.push(uriOf(name));
  }
  const host = { keep: (each: unknown) => each } as unknown as Host;
  new TaskTests(host, {} as never, {} as never, {} as never);
  await editor.controller.refreshHandler();
  expect(listed()).toHaveLength(4);
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

test('a workflow that is deleted is no test any more, and one that is made is', () => {
  rmSync(join(place, 'a.baton.yaml'));
  tell('gone **', uriOf('a.baton.yaml'));
  expect(listed()).toEqual(['b.baton.yaml', 'c.baton.yaml', 'd.baton.yaml']);
  write('e.baton.yaml');
  tell(`made ${workflowGlob}`, uriOf('e.baton.yaml'));
  expect(listed()).toEqual(['b.baton.yaml', 'c.baton.yaml', 'd.baton.yaml', 'e.baton.yaml']);
});

test('a folder that is deleted or moved takes its workflows with it, and no other', () => {
  renameSync(join(place, 'inner'), join(place, 'moved'));
  tell('gone **', uriOf('inner'));
  expect(listed()).toEqual(['a.baton.yaml', 'b.baton.yaml', 'd.baton.yaml']);
  tell('folders', { removed: [{ uri: uriOf('inner2') }] });
  expect(listed()).toEqual(['a.baton.yaml', 'b.baton.yaml']);
});

test('a workflow in a folder says which', () => {
  const where = [...items.values()].map((item) => (item as { description?: string }).description);
  expect(where).toEqual([undefined, undefined, 'inner', 'inner2']);
});

test('a file that was replaced as it was saved stays', () => {
  tell('gone **', uriOf('a.baton.yaml'));
  expect(listed()).toContain('a.baton.yaml');
});

test('refreshing finds what was not told of', async () => {
  rmSync(join(place, 'b.baton.yaml'));
  found.splice(1, 1);
  await editor.controller.refreshHandler();
  expect(listed()).not.toContain('b.baton.yaml');
});

test('a folder that came without a word of its files is looked through', async () => {
  write('fresh/e.baton.yaml');
  found.push(uriOf('fresh/e.baton.yaml'));
  tell('made **', uriOf('fresh/e.baton.yaml'));
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(listed()).not.toContain('e.baton.yaml');
  tell('made **', uriOf('fresh'));
  await vi.waitFor(() => expect(listed()).toContain('e.baton.yaml'), 2000);
});

test('a folder holds what lies in it, not what its name begins with', () => {
  const within = (path: string) => liesIn('/a/team', path);
  expect(['/a/team/x.yaml', '/a/team/prompts/x.md'].map(within)).toEqual([true, true]);
  expect(['/a/team2/x.yaml', '/a/x.yaml', '/a/team'].map(within)).toEqual([false, false, false]);
});
