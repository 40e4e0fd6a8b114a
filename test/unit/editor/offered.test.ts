// What stands below "Baton" in the editor's list of things to debug.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Run } from '../../../src/editor/runs/run.js';
import type { RunStore } from '../../../src/editor/runs/store.js';
import { listRuns, type RolloutRow } from '../../../src/trace/index.js';

const { editor, found, started, said } = vi.hoisted(() => {
  const started: object[] = [];
  const said: string[] = [];
  const found: { scheme: string; fsPath: string }[] = [];
  const editor = {
    l10n: { t: (text: string, ...args: unknown[]) => text.replace(/\{(\d)\}/g, (_, at) => String(args[at])) },
    commands: { executeCommand: async () => undefined },
    debug: { startDebugging: async (_: unknown, configuration: object) => started.push(configuration) },
    window: {
      activeTextEditor: undefined,
      showErrorMessage: async (text: string) => said.push(text),
      showInformationMessage: async (text: string) => said.push(text),
    },
    workspace: {
      textDocuments: [],
      getConfiguration: () => ({ get: (_: string, fallback: unknown) => fallback }),
      openTextDocument: async (uri: object) => ({ uri, languageId: 'baton' }),
      workspaceFolders: [{ index: 0 }, { index: 1 }] as { index: number }[] | undefined,
      getWorkspaceFolder: ({ fsPath }: { fsPath: string }) => ({ index: fsPath.includes('south') ? 1 : 0 }),
      findFiles: async () => found,
      asRelativePath: ({ fsPath }: { fsPath: string }) => fsPath.slice(fsPath.lastIndexOf('/') + 1),
    },
  };
  return { editor, found, started, said };
});
vi.mock('vscode', () => editor);
const { offeredConfigurations } = await import('../../../src/editor/debug/offered.js');
const { DebugStarter } = await import('../../../src/editor/debug/start.js');

let place: string;
let run: Run;
let failed: RolloutRow;
const [north, south] = [{ index: 0 }, { index: 1 }] as [never, never];
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'baton-offered-'));
  const sample = join(import.meta.dirname, '../../../media/sample/runs');
  cpSync(sample, join(place, '.baton/runs'), { recursive: true });
  const opened = Run.open(listRuns(place)[0]!, false);
  if (!(opened instanceof Run)) throw new Error(opened.unreadable);
  run = opened;
  failed = run.pages.all().findLast(({ outcome }) => outcome?.success !== true)!;
  write(failed.task);
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** The workflow as it is now, with one task. */
function write(task: string) {
  const text = `baton: 1
models: {m: {provider: embedded}}
tasks: [{id: ${task}, prompt: go}]
artifacts: {answer: {kind: message}}
agents: {a: {role: Answer., produces: [answer]}}
`;
  writeFileSync(join(place, 'ran.baton.yaml'), text);
}

const file = (name: string) => ({ scheme: 'file', fsPath: join(place, name) });
const store = {
  chosen: async (uri?: { fsPath: string }) =>
    !uri || basename(uri.fsPath) === 'ran.baton.yaml' ? run : undefined,
  runs: async () => [run],
} as unknown as RunStore;

test('a workflow that ran offers its last failed rollout and its task, and each a task live', async () => {
  found.splice(0, found.length, file('ran.baton.yaml'), file('new.baton.yaml'), file('south/b.baton.yaml'));
  const offered = await offeredConfigurations(store, north);
  const row = failed;
  const program = join(place, 'ran.baton.yaml');
  expect(offered).toMatchObject([
    { name: `ran.baton.yaml: step through ${row.rollout}`, run: run.key, rollout: row.rollout },
    { name: `ran.baton.yaml: debug ${row.task} live`, live: true, program, task: row.task },
    { name: 'ran.baton.yaml: debug its first task live', live: true, program },
    { live: true, program: join(place, 'new.baton.yaml') },
  ]);
  expect(new Set(offered.map(({ type, request }) => `${type} ${request}`))).toEqual(
    new Set(['baton launch']),
  );
});

test('a task that the workflow has no more is not debugged live: its first one is', async () => {
  const program = join(place, 'ran.baton.yaml');
  const starter = new DebugStarter(store, {} as never, {} as never);
  await starter.live(file('ran.baton.yaml') as never);
  expect(started.at(-1)).toMatchObject({ program, task: failed.task, name: `Live: ${failed.task}` });

  write('another');
  await starter.live(file('ran.baton.yaml') as never);
  expect(started.at(-1)).toMatchObject({ program, live: true, name: 'Live: ran.baton.yaml' });
  expect(started.at(-1)).not.toHaveProperty('task');
  found.splice(0, found.length, file('ran.baton.yaml'));
  expect((await offeredConfigurations(store, north)).map(({ rollout, task }) => rollout ?? task)).toEqual([
    failed.rollout,
    undefined,
  ]);
  write(failed.task);
});

test('the list is never empty: what ran elsewhere can be stepped through', async () => {
  found.splice(0, found.length);
  expect(await offeredConfigurations(store, north)).toMatchObject([{ run: 'last' }]);
  found.push(file('new.baton.yaml'));
  expect((await offeredConfigurations(store, north)).map(({ live }) => live)).toEqual([undefined, true]);
});

test('each folder offers what is in it, and nothing is offered twice', async () => {
  found.splice(0, found.length, file('new.baton.yaml'), file('south/b.baton.yaml'));
  const programs = async (folder: typeof north | undefined) =>
    (await offeredConfigurations(store, folder)).flatMap(({ program }) => program ?? []);
  expect(await programs(south)).toEqual([join(place, 'south/b.baton.yaml')]);
  expect(await programs(north)).toEqual([join(place, 'new.baton.yaml')]);
  expect(await programs(undefined)).toEqual([]);
});

/** A configuration of a launch.json on the editor's way: its variables are filled in between the two. */
async function resolved(configuration: object) {
  const folder = { uri: file('') } as never;
  const starter = new DebugStarter(store, {} as never, {} as never);
  const given = { type: 'baton', request: 'launch', name: 'mine', ...configuration };
  const before = await starter.resolveDebugConfiguration(folder, given);
  if (!before) return undefined;
  const filled = JSON.parse(JSON.stringify(before).replaceAll('${workspaceFolder}', place)) as typeof before;
  return starter.resolveDebugConfigurationWithSubstitutedVariables(folder, filled);
}

test('a launch.json names a run by its folder, from the open one too, by its name, or not at all', async () => {
  const path = `.baton/runs/${run.folder.name}`;
  const names = [`\${workspaceFolder}/${path}`, path, `./${path}/`, run.folder.name, 'last', undefined];
  for (const named of names)
    expect(await resolved({ run: named })).toMatchObject({ run: run.key, rollout: failed.rollout });
  expect(await resolved({ run: path, rollout: 'other' })).toMatchObject({ run: run.key, rollout: 'other' });
  expect(await resolved({ request: 'attach', run: path })).toMatchObject({ run: run.key, live: true });
  expect(said).toEqual([]);
  expect(await resolved({ run: '.baton/runs/gone' })).toBeUndefined();
  expect(said).toEqual(['There is no run ".baton/runs/gone" in the open folders.']);
});
