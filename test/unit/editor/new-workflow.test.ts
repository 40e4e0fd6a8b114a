import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';

interface Uri extends Place {
  with(of: { scheme: string }): Uri;
  toString(): string;
}

interface Place {
  scheme: string;
  path: string;
  fsPath: string;
}

const { editor, opened, copied } = vi.hoisted(() => {
  const opened: Place[] = [];
  const copied: Place[] = [];
  const uri = (scheme: string, path: string): Uri => ({
    ...{ scheme, path, fsPath: path },
    with: (of) => uri(of.scheme, path),
    toString: () => `${scheme}:${path}`,
  });
  const event = () => ({ dispose: () => undefined });
  const editor = {
    l10n: { t: (text: string) => text },
    EventEmitter: class {
      event = event;
    },
    Uri: {
      file: (path: string) => uri('file', path),
      joinPath: (of: Place, ...names: string[]) => uri(of.scheme, [of.path, ...names].join('/')),
    },
    commands: { executeCommand: vi.fn() },
    window: {
      showWorkspaceFolderPick: vi.fn(),
      showQuickPick: vi.fn(),
      showTextDocument: vi.fn(),
    },
    workspace: {
      isTrusted: true,
      workspaceFolders: [] as { uri: Place }[],
      textDocuments: [] as { uri: Place; isDirty: boolean; getText(): string }[],
      fs: { copy: async (_from: Place, to: Place) => void copied.push(to) },
      openTextDocument: async (of: Place) => {
        opened.push(of);
        const document = { uri: of, isDirty: true, getText: () => '' };
        editor.workspace.textDocuments.push(document);
        return document;
      },
      getConfiguration: () => ({ get: (_name: string, fallback: unknown) => fallback }),
      onDidChangeConfiguration: event,
      ...{ onDidCloseTextDocument: event, onDidChangeTextDocument: event, onDidOpenTextDocument: event },
      createFileSystemWatcher: () => ({ onDidCreate: event, onDidChange: event, onDidDelete: event }),
    },
  };
  return { editor, opened, copied };
});
vi.mock('vscode', () => editor);
const { newWorkflow } = await import('../../../src/editor/new-workflow.js');
const { Analyses } = await import('../../../src/editor/providers/analyses.js');

const host = {
  shipped: (path: string) => join(import.meta.dirname, '../../..', path),
  keep: (each: unknown) => each,
} as unknown as Host;
let place: string;
const folder = (name: string) => ({ uri: editor.Uri.file(join(place, name)) });
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'baton-new-'));
  for (const name of ['north', 'south']) mkdirSync(join(place, name));
  opened.length = copied.length = editor.workspace.textDocuments.length = 0;
  editor.workspace.workspaceFolders = [folder('north'), folder('south')];
  editor.window.showWorkspaceFolderPick.mockResolvedValue(folder('south'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const choose = (label: string) =>
  editor.window.showQuickPick.mockImplementation(async (items: { label: string }[]) =>
    items.find((each) => each.label === label),
  );

test('a blank workflow is drafted in the folder that was chosen, as often as it is asked for', async () => {
  choose('Blank');
  writeFileSync(join(place, 'south/team-2.baton.yaml'), '');
  for (let at = 0; at < 3; at++) await newWorkflow(host);
  // The first is a draft by now, and the second was on disk.
  const names = ['team', 'team-3', 'team-4'].map((name) => join(place, `south/${name}.baton.yaml`));
  expect(opened.map(({ scheme, fsPath }) => [scheme, fsPath])).toEqual(
    names.map((name) => ['untitled', name]),
  );
  expect(editor.commands.executeCommand).toHaveBeenCalledTimes(3);
});

test('the example team is copied beside an earlier copy', async () => {
  choose('table-team');
  mkdirSync(join(place, 'south/table-team'));
  await newWorkflow(host);
  expect(copied.map(({ fsPath }) => fsPath)).toEqual([join(place, 'south/table-team-2')]);
});

test('a draft finds what it names beside itself, not in the first folder', () => {
  writeFileSync(join(place, 'south/role.md'), 'Answer.');
  const text = `baton: 1
models: {m: {provider: embedded}}
tasks: [{prompt: go}]
artifacts: {answer: {kind: message}}
agents: {a: {role: Answer., instructions: {file: role.md}, produces: [answer]}}
`;
  const analyses = new Analyses(host, () => undefined);
  const codes = (uri: Place) =>
    analyses
      .of({ uri, version: 1, getText: () => text } as never)
      .problems.map(({ code }) => code)
      .filter((code) => code.startsWith('file.'));
  const draft = (name: string) => editor.Uri.file(join(place, name)).with({ scheme: 'untitled' });
  expect(codes(draft('south/team.baton.yaml'))).toEqual([]);
  expect(codes(draft('north/team.baton.yaml'))).toEqual(['file.unreadable']);
  // One without a place is taken to lie in the first folder.
  expect(codes({ scheme: 'untitled', path: 'Untitled-1', fsPath: 'Untitled-1' })).toEqual([
    'file.unreadable',
  ]);
});
