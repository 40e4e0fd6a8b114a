// What the editor tells the command line that it starts, and what it does not wait for. The command is a real process.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';
import type { Run } from '../../../src/editor/runs/run.js';
import type { RunStore } from '../../../src/editor/runs/store.js';

const { editor, said, settings } = vi.hoisted(() => {
  const said: string[] = [];
  const settings: Record<string, unknown> = {};
  const shown = (text: string) => {
    said.push(text);
    return new Promise(() => undefined);
  };
  const bar = { text: '', hide: () => undefined, show: () => undefined };
  const editor = {
    bar,
    l10n: { t: (text: string, ...args: unknown[]) => text.replace(/\{(\d)\}/g, (_, at) => String(args[at])) },
    Uri: { file: (path: string) => ({ scheme: 'file', fsPath: path, path }) },
    ProgressLocation: { Window: 10, Notification: 15 },
    StatusBarAlignment: { Left: 1 },
    window: {
      // As the editor: a message stays until somebody puts it away, which nobody does here.
      showErrorMessage: shown,
      showInformationMessage: async (text: string) => void said.push(text),
      createStatusBarItem: () => bar,
      withProgress: (_: object, work: (...args: object[]) => unknown) =>
        work({ report: () => undefined }, { onCancellationRequested: () => ({ dispose: () => undefined }) }),
    },
    workspace: {
      isTrusted: true,
      textDocuments: [] as object[],
      openTextDocument: vi.fn(),
      getConfiguration: (section: string) => ({
        get: (name: string, fallback: unknown) => settings[`${section}.${name}`] ?? fallback,
        inspect: (name: string) => ({ globalValue: settings[`${section}.${name}`] }),
      }),
    },
  };
  return { editor, said, settings };
});
vi.mock('vscode', () => editor);
const { RunControl } = await import('../../../src/editor/runs/control.js');
const { installCommand } = await import('../../../src/editor/shell.js');

const place = mkdtempSync(join(tmpdir(), 'baton-control-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));
const output = join(place, 'storage/output');
for (const name of ['dist', 'run']) mkdirSync(join(place, name));
/** A command line that says what it was told, after some time where that is to be. */
writeFileSync(
  join(place, 'dist/cli.mjs'),
  `const told = process.argv.slice(2);
setTimeout(() => console.log(JSON.stringify({ told, error: told.includes('look') ? undefined : { code: 'x', message: 'refused' } })), told.includes('late') ? 200 : 0);`,
);
const changed: (() => unknown)[] = [];
let runs: object[] = [];
const store = {
  onDidChange: (listener: () => unknown) => changed.push(listener),
  refresh: () => undefined,
  runs: async () => runs,
} as unknown as RunStore;
const host = {
  context: {
    extensionPath: place,
    globalStorageUri: { fsPath: join(place, 'storage') },
    secrets: { get: async () => undefined },
    environmentVariableCollection: {},
  },
  log: { info: () => undefined, error: () => undefined, show: () => undefined },
  keep: (each: object) => each,
} as unknown as Host;
const control = new RunControl(host, store);
const run = (state: string, statuses: string[] = []) =>
  ({
    workflowFile: join(place, 'team.baton.yaml'),
    folder: { path: join(place, 'run'), name: 'a-run' },
    info: { kind: 'run' },
    state: () => state,
    pages: { all: () => statuses.map((status) => ({ status })) },
  }) as unknown as Run;
const told = () =>
  readdirSync(output)
    .filter((name) => name.endsWith('.out'))
    .sort()
    .map((name) => (JSON.parse(readFileSync(join(output, name), 'utf8')) as { told: string[] }).told);

beforeEach(() => {
  rmSync(output, { recursive: true, force: true });
  said.length = 0;
  for (const name of Object.keys(settings)) delete settings[name];
});

test('a run goes on with the variables and the number at a time that the user allows', async () => {
  await control.resume(run('cancelled'));
  expect(told().at(-1)).toEqual(['resume', join(place, 'run'), '--json', '--editor']);
  Object.assign(settings, { 'baton.allowEnv': ['MY_KEY'], 'baton.concurrency': 2 });
  await control.resume(run('cancelled'));
  expect(told().at(-1)).toEqual(
    expect.arrayContaining(['--allow-env', 'MY_KEY', '--concurrency', '2', '--editor']),
  );
  expect(told().at(-1)).not.toContain('--failed');
  await control.fork(run('done'), 'r', 'r.0', ['--prompt', 'x']);
  expect(told().at(-1)).toEqual(expect.arrayContaining(['fork', '--allow-env', 'MY_KEY']));
  expect(control.flags('a')).toEqual(['--editor', ...control.flagsThere('a')]);
  expect(control.flagsThere('a')).toEqual(
    expect.arrayContaining(['--sandbox', 'auto', '--allow-env', '--concurrency']),
  );
});

test('a run that has ended goes on with what failed in it, and says where there is nothing', async () => {
  await control.resume(run('done', ['done', 'failed']));
  expect(told().at(-1)).toContain('--failed');
  await control.resume(run('done', ['done']));
  expect(told()).toHaveLength(1);
  expect(said.at(-1)).toMatch(/a-run has come to its end: there is nothing to go on with/);
});

test('a command that fails is told, and nobody waits until that is put away', async () => {
  expect(await control.start(join(place, 'team.baton.yaml'), ['run'])).toBeUndefined();
  expect(said).toEqual(['team.baton.yaml did not start: refused']);
});

test('commands that start in the same moment keep their answers apart, and what is old goes', async () => {
  mkdirSync(output, { recursive: true });
  const old = join(output, 'old.out');
  writeFileSync(old, '{"told": []}');
  utimesSync(old, 1, 1);
  const answers = await Promise.all([
    control.ask(['target', 'late', 'look', 'one'], place),
    control.ask(['target', 'look', 'two'], place),
  ]);
  expect(answers).toMatchObject([
    { told: ['target', 'late', 'look', 'one', '--json'] },
    { told: ['target', 'look', 'two', '--json'] },
  ]);
  expect(readdirSync(output)).not.toContain('old.out');
});

test('a workflow that could not be saved is not run as it was before', async () => {
  const document = {
    uri: editor.Uri.file(join(place, 'team.baton.yaml')),
    isDirty: true,
    save: async () => false,
  };
  editor.workspace.openTextDocument.mockResolvedValue(document);
  expect(await control.run(document.uri as never)).toBeUndefined();
  expect(said.at(-1)).toMatch(/could not be saved/);
  expect(existsSync(output)).toBe(false);
});

test('what is open of its folder is saved before a run reads it', async () => {
  const written: string[] = [];
  const open = (name: string, isDirty: boolean) => ({
    uri: editor.Uri.file(join(place, name)),
    isDirty,
    save: async () => {
      written.push(name);
      return name !== 'stuck.md';
    },
  });
  const workflow = open('team.baton.yaml', true);
  editor.workspace.openTextDocument.mockResolvedValue(workflow);
  editor.workspace.textDocuments = [
    ...[open('prompts/a.md', true), open('b.md', false), open('../other.md', true)],
    ...[open('stuck.md', true), open('after.md', true)],
  ];
  expect(await control.run(workflow.uri as never)).toBeUndefined();
  expect(written).toEqual(['team.baton.yaml', 'prompts/a.md', 'stuck.md']);
  expect(said.at(-1)).toMatch(/could not be saved/);
  expect(existsSync(output)).toBe(false);
  editor.workspace.textDocuments = [];
});

test('the status bar counts the rollouts of what plans some, and no branch', async () => {
  const row = (ended: number, planned: number, forks = 0) => ({
    ...{ state: () => 'running', live: true, planned, forks, folder: { name: 'x' } },
    pages: { count: () => ended },
  });
  runs = [row(480, 0), row(5, 48, 2)];
  await changed[0]!();
  expect(editor.bar.text).toContain('Baton 3/48');
  runs = [row(480, 0)];
  await changed[0]!();
  expect(editor.bar.text).toMatch(/Baton$/);
});

test.skipIf(process.platform === 'win32')('the command is installed over nothing of others', async () => {
  const before = process.env.HOME;
  process.env.HOME = place;
  try {
    const link = join(place, '.local/bin/baton');
    mkdirSync(join(link, '..'), { recursive: true });
    writeFileSync(join(place, 'other'), '');
    symlinkSync(join(place, 'other'), link);
    await expect(installCommand(host, 'node')).rejects.toThrow(/is there already and is not ours/);
    rmSync(link);
    symlinkSync(join(place, 'gone'), link);
    await installCommand(host, 'node');
    expect(readFileSync(link, 'utf8')).toContain('ELECTRON_RUN_AS_NODE=1');
  } finally {
    process.env.HOME = before;
  }
});
