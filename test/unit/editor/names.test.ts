// Definition, references and rename where a prompt file's text is another in the editor than on disk.
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';
import { diskFiles } from '../../../src/workflow/index.js';

type Listener = (of: never) => unknown;
interface Place {
  scheme: string;
  path: string;
  fsPath: string;
  with(other: { path: string }): Place;
  toString(): string;
}
const { editor, told, providers, Document, here } = vi.hoisted(() => {
  const told = new Map<string, ((of: never) => unknown)[]>();
  const on = (name: string) => (listener: (of: never) => unknown) => {
    told.set(name, [...(told.get(name) ?? []), listener]);
    return { dispose: () => undefined };
  };
  const providers: Record<string, Record<string, (...args: unknown[]) => Promise<never>>> = {};
  const register = (name: string) => (_: unknown, provider: never) => {
    providers[name] = provider;
    return { dispose: () => undefined };
  };
  const uri = (scheme: string, path: string): Place => ({
    ...{ scheme, path, fsPath: path },
    with: (other: { path: string }) => uri(scheme, other.path),
    toString: () => `${scheme}:${path}`,
  });
  const here = { place: '' };
  class Document {
    version = 1;
    languageId: string;
    constructor(
      readonly uri: Place,
      public text: string,
    ) {
      this.languageId = /\.baton\.yaml$/.test(uri.path) ? 'baton' : 'markdown';
    }
    getText = () => this.text;
    offsetAt = (offset: number) => offset;
    positionAt = (offset: number) => offset;
  }
  class Edit {
    readonly edits: { path: string; start: number; end: number; text: string }[] = [];
    replace(uri: Place, { start, end }: { start: number; end: number }, text: string) {
      this.edits.push({ path: uri.path, start, end, text });
    }
    get size() {
      return this.edits.length;
    }
  }
  const textDocuments: Document[] = [];
  const editor = {
    env: { language: 'en' },
    l10n: {
      t: (text: string, ...of: string[]) => text.replace(/{(\d)}/g, (_, at) => of[Number(at)]!),
      bundle: undefined,
    },
    Uri: { file: (path: string) => uri('file', path), parse: (text: string) => uri('file', text.slice(5)) },
    EventEmitter: class {
      event = () => undefined;
      fire = () => undefined;
    },
    Disposable: { from: () => ({ dispose: () => undefined }) },
    Range: class {
      constructor(
        readonly start: number,
        readonly end: number,
      ) {}
    },
    Location: class {
      constructor(
        readonly uri: Place,
        readonly range: { start: number; end: number },
      ) {}
    },
    WorkspaceEdit: Edit,
    languages: {
      registerDefinitionProvider: register('definition'),
      registerReferenceProvider: register('references'),
      registerRenameProvider: register('rename'),
      registerDocumentHighlightProvider: register('highlight'),
    },
    workspace: {
      textDocuments,
      asRelativePath: (path: string) => path.slice(here.place.length + 1),
      workspaceFolders: [],
      getConfiguration: () => ({ get: (_: string, fallback: unknown) => fallback }),
      onDidChangeConfiguration: () => undefined,
      onDidOpenTextDocument: on('opened'),
      onDidChangeTextDocument: on('changed'),
      onDidCloseTextDocument: on('closed'),
      createFileSystemWatcher: () => ({
        onDidCreate: on('made'),
        onDidChange: on('written'),
        onDidDelete: on('gone'),
      }),
      openTextDocument: async (at: Place | string): Promise<Document> => {
        throw new Error(String(at));
      },
      applyEdit: async (_: Edit) => false,
    },
  };
  return { editor, told, providers, Document, here };
});
vi.mock('vscode', () => editor);
const { Analyses } = await import('../../../src/editor/providers/analyses.js');
const { provideNames } = await import('../../../src/editor/providers/names.js');
const { Designer } = await import('../../../src/editor/designer/index.js');

/** What a file's text is once the editor has opened it: no byte order mark, and one kind of line end. */
function asOpened(raw: string): string {
  return raw.replace(/^\uFEFF/, '').replace(/\r?\n/g, '\r\n');
}

const host = {
  keep: (each: unknown) => each,
  shipped: (path: string) => join(import.meta.dirname, '../../..', path),
  log: { warn: expect.fail, error: expect.fail },
} as unknown as Host;
const text = `baton: 1
models: {m: {provider: embedded}}
tasks: [{prompt: go}]
artifacts: {note: {kind: message}, answer: {kind: message}}
agents:
  a: {role: Note., produces: [note]}
  b: {role: Answer., instructions: {file: prompts/b.md}, consumes: [note], produces: [answer]}
`;
const prompt = '\uFEFFRead {{note}}.\r\nThen go on.\nRead {{ note }} again.\r\nAnswer.\r\n';

let place: string;
let workflow: InstanceType<typeof Document>;
let analyses: InstanceType<typeof Analyses>;
beforeEach(() => {
  place = here.place = realpathSync(mkdtempSync(join(tmpdir(), 'baton-names-')));
  mkdirSync(join(place, 'prompts'));
  writeFileSync(join(place, 'prompts/b.md'), prompt);
  const { workspace } = editor;
  workspace.textDocuments.length = 0;
  told.clear();
  workflow = new Document(editor.Uri.file(join(place, 'team.baton.yaml')), text);
  workspace.textDocuments.push(workflow);
  workspace.openTextDocument = async (at) => {
    const uri = typeof at === 'string' ? editor.Uri.file(at) : at;
    const known = workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
    if (known) return known;
    const document = new Document(uri, asOpened(readFileSync(uri.fsPath, 'utf8')));
    workspace.textDocuments.push(document);
    for (const each of told.get('opened') ?? []) (each as (of: unknown) => unknown)(document);
    return document;
  };
  analyses = new Analyses(host, () => undefined);
  provideNames(host, analyses);
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

interface Location {
  uri: Place;
  range: { start: number; end: number };
}
interface Edits {
  edits: { path: string; start: number; end: number; text: string }[];
}
/** The documents' texts with the edits in them, by their names. */
function edited({ edits }: Edits): Record<string, string> {
  const after = (document: InstanceType<typeof Document>) =>
    edits
      .filter(({ path }) => path === document.uri.path)
      .sort((a, b) => b.start - a.start)
      .reduce((now, { start, end, text: put }) => now.slice(0, start) + put + now.slice(end), document.text);
  return Object.fromEntries(
    editor.workspace.textDocuments.map((each) => [basename(each.uri.path), after(each)]),
  );
}
const renamed = {
  'team.baton.yaml': text.replace('{note:', '{memo:').replaceAll('[note]', '[memo]'),
  'b.md': asOpened(prompt).replaceAll('note', 'memo'),
};

test('a rename reaches the right places of a prompt with a byte order mark and mixed line ends', async () => {
  analyses.of(workflow as never);
  const edits = await providers.rename!.provideRenameEdits!(workflow, text.indexOf('note'), 'memo');
  expect(edited(edits)).toEqual(renamed);
});

test('a rename that begins in the prompt finds the name where it stands in the editor', async () => {
  analyses.of(workflow as never);
  const document = await editor.workspace.openTextDocument(join(place, 'prompts/b.md'));
  const edits = await providers.rename!.provideRenameEdits!(
    document,
    document.text.lastIndexOf('note'),
    'memo',
  );
  expect(edited(edits)).toEqual(renamed);
});

test('a rename reaches other workflows that mean the same by the name in a prompt that they share', async () => {
  const second = text.replace('{role: Note.,', '{role: Note., prompt: {file: c.md},');
  const third = text.replace('prompts/b.md', 'c.md').replaceAll('answer', 'reply');
  const alone = text.replaceAll('note', 'words');
  const elsewhere = text.replace('prompts/b.md', 'd.md');
  const files = { second, third, alone, elsewhere };
  for (const [name, each] of Object.entries(files)) writeFileSync(join(place, `${name}.baton.yaml`), each);
  for (const name of ['c.md', 'd.md']) writeFileSync(join(place, name), 'Mind {{note}}.');
  const edits = await providers.rename!.provideRenameEdits!(workflow, text.indexOf('note'), 'memo');
  const memo = (each: string) => asOpened(each.replace('{note:', '{memo:').replaceAll('[note]', '[memo]'));
  const after = edited(edits);
  expect(after).toMatchObject({
    ...renamed,
    'second.baton.yaml': memo(second),
    'third.baton.yaml': memo(third),
    'c.md': 'Mind {{memo}}.',
  });
  expect(after['alone.baton.yaml'] ?? alone).toBe(alone);
  expect(after['elsewhere.baton.yaml'] ?? asOpened(elsewhere)).toBe(asOpened(elsewhere));
});

test.each([
  [
    'has the new name already',
    (each: string) => each.replace('answer: {', 'memo: {kind: message}, answer: {'),
  ],
  ['is not valid YAML just now', (each: string) => `${each}]`],
])('a rename is refused where another workflow with the same prompt %s', async (_, wrong) => {
  writeFileSync(join(place, 'second.baton.yaml'), text);
  const second = await editor.workspace.openTextDocument(join(place, 'second.baton.yaml'));
  analyses.of(second as never);
  second.text = wrong(text);
  second.version += 1;
  const asked = providers.rename!.provideRenameEdits!(workflow, text.indexOf('note'), 'memo');
  await expect(asked).rejects.toThrow(/^second\.baton\.yaml names prompts\/b\.md too/);
});

test.each([
  ['with blanks', 'prompts/my b.md', (path: string) => `{file: ${path}}`],
  ['with a #', 'prompts/b#1.md', (path: string) => `{file: ${path}}`],
  ['on the next line', 'prompts/b.md', (path: string) => `{file:\n    ${path}}`],
])('names are found in a prompt that is named by a path %s', async (_, path, named) => {
  workflow.text = text.replace('{file: prompts/b.md}', named(path));
  writeFileSync(join(place, path), 'Read {{note}}.');
  const document = await editor.workspace.openTextDocument(join(place, path));
  const found: Location = await providers.definition!.provideDefinition!(document, 9);
  expect(found.uri.path).toBe(workflow.uri.path);
  expect(found.range.start).toBe(workflow.text.indexOf('note'));
});

test.each(['data.parquet', 'data/rows.parquet'])(
  '%s that a task names is looked for anew when it is made',
  async (path) => {
    workflow.text = text.replace('{prompt: go}', `{prompt: go, files: [${path}]}`);
    const codes = () => analyses.of(workflow as never, true).problems.map(({ code }) => code);
    const happens = (name: string, at: string) => {
      for (const each of told.get(name)!) (each as (of: unknown) => void)(editor.Uri.file(join(place, at)));
    };
    expect(codes()).toContain('task.invalid');
    const missing = analyses.of(workflow as never);
    for (const other of ['other.parquet', 'node_modules/data.parquet', '.baton/runs/r/data.parquet'])
      happens('made', other);
    expect(analyses.of(workflow as never)).toBe(missing);
    // A key stroke, after which the tasks are not loaded at once.
    workflow.version += 1;
    const before = analyses.of(workflow as never);
    mkdirSync(join(place, 'data'));
    writeFileSync(join(place, path), '');
    // Of a folder that is made with what is in it, only the folder is told.
    happens('made', dirname(path) === '.' ? path : dirname(path));
    expect(analyses.of(workflow as never)).not.toBe(before);
    expect(codes()).not.toContain('task.invalid');
  },
);

test('references are the places in the editor’s text', async () => {
  analyses.of(workflow as never);
  const context = { includeDeclaration: false };
  const found: Location[] = await providers.references!.provideReferences!(
    workflow,
    text.indexOf('note'),
    context,
  );
  const inPrompt = found.filter(({ uri }) => uri.path.endsWith('b.md'));
  const shown = asOpened(prompt);
  expect(inPrompt.map(({ range }) => [range.start, shown.slice(range.start, range.end)])).toEqual([
    [shown.indexOf('note'), 'note'],
    [shown.lastIndexOf('note'), 'note'],
  ]);
});

test('references in a recorded workflow are places in its recorded prompts', async () => {
  const uri = (path: string) => ({
    ...editor.Uri.file(path),
    scheme: 'baton-run',
    toString: () => `baton-run://k${path}`,
  });
  const recorded = new Document({ ...uri('/workflow/team.baton.yaml'), with: ({ path }) => uri(path) }, text);
  const shown = new Document(uri('/workflow/prompts/b.md'), 'Read {{note}}.');
  editor.workspace.textDocuments.push(recorded, shown);
  const files = { ...diskFiles(place), folder: '/workflow', read: () => ({ text: shown.text }) };
  provideNames(host, new Analyses(host, ({ scheme }) => (scheme === 'baton-run' ? files : undefined)));
  const context = { includeDeclaration: true };
  const found: { uri: Place; range: { start: number } }[] = await providers.references!.provideReferences!(
    recorded,
    text.indexOf('note'),
    context,
  );
  expect(found).toHaveLength(4);
  expect(found.filter((each) => each.uri.path === shown.uri.path)).toMatchObject([
    { uri: { scheme: 'baton-run' }, range: { start: shown.text.indexOf('note') } },
  ]);
});

test('a rename in the designer does the same', async () => {
  writeFileSync(join(place, 'second.baton.yaml'), text);
  let ask: Listener | undefined;
  let made: Edits = { edits: [] };
  editor.workspace.applyEdit = async (edits) => {
    made = edits;
    return true;
  };
  const nothing = { dispose: () => undefined };
  const webview = {
    asWebviewUri: String,
    postMessage: () => true,
    onDidReceiveMessage: (listener: Listener) => {
      ask = listener;
      return nothing;
    },
  };
  const panel = { webview, visible: false, onDidChangeViewState: () => nothing, onDidDispose: () => nothing };
  const store = { chosen: async () => undefined, onDidChange: () => nothing };
  vi.useFakeTimers();
  const designer = new Designer(host, analyses, store as never, {} as never);
  designer.resolveCustomTextEditor(workflow as never, panel as never);
  vi.useRealTimers();
  ask!({ type: 'edit', edit: { do: 'rename', kind: 'artifact', from: 'note', to: 'memo' } } as never);
  await expect.poll(() => made.edits.length).toBeGreaterThan(0);
  expect(edited(made)).toEqual({ ...renamed, 'second.baton.yaml': asOpened(renamed['team.baton.yaml']) });
});
