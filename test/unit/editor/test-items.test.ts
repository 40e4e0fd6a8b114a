// The workflows that the Test Explorer lists, as files come and go.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';
import { checkWorkflow, diskFiles } from '../../../src/workflow/index.js';

interface Item {
  id: string;
  uri: { fsPath: string };
  children: Map<string, Item>;
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
  class Children extends Map<string, Item> {
    replace(all: Item[]) {
      this.clear();
      for (const each of all) this.set(each.id, each);
    }
  }
  const controller = {
    items: {
      get: (id: string) => items.get(id),
      add: (item: Item) => items.set(item.id, item),
      delete: (id: string) => items.delete(id),
      [Symbol.iterator]: () => [...items][Symbol.iterator](),
    },
    createTestItem: (id: string, label: string, uri: unknown) => ({
      id,
      label,
      uri,
      children: new Children(),
    }),
  };
  const editor = {
    controller,
    l10n: { t: (text: string) => text },
    EventEmitter: class {},
    Range: class {},
    workspace: {
      textDocuments: [],
      findFiles: async () => [...found],
      asRelativePath: (path: string) => relative(place, path),
      onDidOpenTextDocument: on('opened'),
      onDidSaveTextDocument: on('saved'),
      onDidChangeTextDocument: on('typed'),
      openTextDocument: async (uri: { fsPath: string }) => ({
        uri,
        getText: () => readFileSync(uri.fsPath, 'utf8'),
        positionAt: (at: number) => at,
      }),
      onDidChangeWorkspaceFolders: on('folders'),
      createFileSystemWatcher: (glob: string) => ({
        onDidCreate: on(`made ${glob}`),
        onDidChange: on(`changed ${glob}`),
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
let tests: InstanceType<typeof TaskTests>;
const uriOf = (name: string) => ({ fsPath: join(place, name), toString: () => `file:${join(place, name)}` });
const write = (name: string) => {
  mkdirSync(dirname(join(place, name)), { recursive: true });
  writeFileSync(join(place, name), 'baton: 1\n');
};
const listed = () => [...items.values()].map(({ uri }) => basename(uri.fsPath)).sort();
const tell = (name: string, of: unknown) => told.get(name)!(of as never);

/** What the editor's analyses find, on disk. */
const analyses = {
  onDidChangeBeside: (listener: Listener) => told.set('beside', listener),
  of({ uri, getText }: { uri: { fsPath: string }; getText(): string }) {
    const files = diskFiles(dirname(uri.fsPath));
    return { files, workflow: checkWorkflow(getText(), uri.fsPath, { files }).workflow };
  },
};

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'baton-items-'));
  items.clear();
  found.length = 0;
  for (const name of ['a.baton.yaml', 'b.baton.yaml', 'inner/c.baton.yaml', 'inner2/d.baton.yaml']) {
    write(name);
    found.push(uriOf(name));
  }
  const host = { keep: (each: unknown) => each } as unknown as Host;
  tests = new TaskTests(host, editor.controller as never, analyses as never, {} as never, {} as never);
  await tests.refresh();
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
  await tests.refresh();
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

describe('the tasks of a workflow', () => {
  const workflow = (tasks: string) => `baton: 1
models:
  m: {provider: recorded, file: replies.jsonl}
tasks: ${tasks}
artifacts:
  text: {kind: message, checks: [words > 2]}
agents:
  writer: {role: Write., produces: [text]}
outcome: {success: text.valid}
`;
  const put = (name: string, text: string) => writeFileSync(join(place, name), text);
  const item = () => items.get(`file:${join(place, 'a.baton.yaml')}`)!;
  const tasks = () => [...item().children.values()].map(({ id }) => id.split('#')[1]);
  beforeEach(async () => {
    put('replies.jsonl', '');
    put('tasks.yaml', '- {id: good, prompt: a}\n');
    put('a.baton.yaml', workflow('{from: tasks.yaml}'));
    await tests.resolve(item() as never);
    expect(tasks()).toEqual(['good']);
  });

  test('are listed anew when their own file is written', async () => {
    put('tasks.yaml', '- {id: good, prompt: a}\n- {id: third, prompt: b}\n');
    tell('changed **', uriOf('other.yaml'));
    tell('changed **', uriOf('tasks.yaml'));
    await vi.waitFor(() => expect(tasks()).toEqual(['good', 'third']), 2000);
  });
  test('are listed anew when the workflow is written by another program, or changed here', async () => {
    put('a.baton.yaml', workflow('[{id: pulled, prompt: a}]'));
    tell('changed **', uriOf('a.baton.yaml'));
    await vi.waitFor(() => expect(tasks()).toEqual(['pulled']), 2000);
    put('a.baton.yaml', workflow('[{id: typed, prompt: a}]'));
    const document = { uri: { scheme: 'file', ...uriOf('a.baton.yaml') } };
    tell('typed', { document, contentChanges: [1] });
    await vi.waitFor(() => expect(tasks()).toEqual(['typed']), 2000);
  });
  test('are listed anew by a refresh, where nothing was told', async () => {
    put('tasks.yaml', '- {id: other, prompt: a}\n');
    await tests.refresh();
    expect(tasks()).toEqual(['other']);
  });
});

test('a folder holds what lies in it, not what its name begins with', () => {
  const within = (path: string) => liesIn('/a/team', path);
  expect(['/a/team/x.yaml', '/a/team/prompts/x.md'].map(within)).toEqual([true, true]);
  expect(['/a/team2/x.yaml', '/a/x.yaml', '/a/team'].map(within)).toEqual([false, false, false]);
});
