import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';
import { contextKeys } from '../../../src/editor/names.js';

type Listener = (of: never) => unknown;
const { editor, told, found, shown } = vi.hoisted(() => {
  const told = new Map<string, Listener>();
  const found: object[] = [];
  const shown: { keys: string[] } = { keys: [] };
  const on = (name: string) => (listener: Listener) => {
    told.set(name, listener);
    return { dispose: () => undefined };
  };
  const editor = {
    commands: {
      executeCommand: (_set: string, key: string, keys: string[]) => {
        if (key === 'baton.plainWorkflows') shown.keys = keys;
      },
    },
    workspace: {
      textDocuments: [],
      findFiles: async () => found,
      onDidOpenTextDocument: on('opened'),
      createFileSystemWatcher: () => ({
        onDidCreate: on('made'),
        onDidChange: on('changed'),
        onDidDelete: on('gone'),
      }),
    },
  };
  return { editor, told, found, shown };
});
vi.mock('vscode', () => editor);
const { looksLikeWorkflow } = await import('../../../src/editor/near.js');
const { PlainWorkflows } = await import('../../../src/editor/providers/plain-workflows.js');

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'baton-plain-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

const team = '# ours\nbaton: 1 # the version\nagents: {}\n';
function write(name: string, text: string) {
  const path = join(place, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return { scheme: 'file', path, fsPath: path };
}
const listed = () => shown.keys.map((path) => path.slice(place.length + 1)).sort();

test.each([
  [team, true],
  ['baton: 1\r\nmodels: {}\r\n', true],
  ['baton: 12\n', false],
  ['wand:\n  baton: 1\n', false],
  ['- baton: 1\n', false],
  ['', false],
])('a workflow names its format at the top level: %j', (text, looks) =>
  expect(looksLikeWorkflow(text)).toBe(looks),
);

test('the menus know the YAML files that look like workflows, as they come, change and go', async () => {
  expect(contextKeys.plainWorkflows).toBe('baton.plainWorkflows');
  const a = write('a.yaml', team);
  found.push(a, write('b.yaml', 'tasks: []\n'), write('c.baton.yaml', team), write('.baton/d.yaml', team));
  new PlainWorkflows({ keep: (each: unknown) => each } as unknown as Host);
  await expect.poll(listed).toEqual(['a.yaml']);

  told.get('made')!(write('inner/e.yml', team) as never);
  await expect.poll(listed).toEqual(['a.yaml', 'inner/e.yml']);
  told.get('changed')!(write('b.yaml', team) as never);
  await expect.poll(listed).toEqual(['a.yaml', 'b.yaml', 'inner/e.yml']);
  told.get('changed')!(write('a.yaml', 'other: 1\n') as never);
  await expect.poll(listed).toEqual(['b.yaml', 'inner/e.yml']);
  rmSync(join(place, 'b.yaml'));
  told.get('gone')!({ fsPath: join(place, 'b.yaml') } as never);
  expect(listed()).toEqual(['inner/e.yml']);
  const open = { languageId: 'yaml', uri: write('f.yaml', team) };
  told.get('opened')!(open as never);
  await expect.poll(listed).toEqual(['f.yaml', 'inner/e.yml']);
});
