// Which runs are found on disk, and how much is looked at for it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';
import { processStart } from '../../../src/trace/index.js';

type Listener = (of?: unknown) => unknown;
const { editor, told, workflows } = vi.hoisted(() => {
  const told = new Map<string, Listener>();
  const workflows: { scheme: string; fsPath: string }[] = [];
  const on = (name: string) => (listener: Listener) => {
    told.set(name, listener);
    return { dispose: () => undefined };
  };
  const editor = {
    EventEmitter: class {
      private readonly listeners: Listener[] = [];
      event = (listener: Listener) => this.listeners.push(listener);
      fire = () => {
        for (const each of this.listeners) each();
      };
    },
    commands: { executeCommand: async () => undefined },
    workspace: {
      workspaceFolders: [] as { uri: { scheme: string; fsPath: string } }[],
      findFiles: vi.fn(async () => [...workflows]),
      onDidChangeWorkspaceFolders: on('folders'),
      createFileSystemWatcher: (glob: string) => ({
        onDidCreate: on(`made ${glob}`),
        onDidChange: on(`changed ${glob}`),
        onDidDelete: on(`gone ${glob}`),
      }),
    },
  };
  return { editor, told, workflows };
});
vi.mock('vscode', () => editor);
const { RunStore } = await import('../../../src/editor/runs/store.js');
const { workflowGlob } = await import('../../../src/editor/near.js');
const logs = '**/.baton/runs/*/run.json*';

let place: string;
let store: InstanceType<typeof RunStore>;
const kept: { dispose?(): void }[] = [];
const file = (path: string) => ({ scheme: 'file', fsPath: join(place, path) });
const tell = (name: string, path: string) => told.get(name)!(file(path));
/** Copies of the recorded run in a folder. */
function copyRuns(folder: string) {
  const sample = join(import.meta.dirname, '../../../media/sample/runs');
  cpSync(sample, join(place, folder, '.baton/runs'), { recursive: true });
}
const homes = async () =>
  (await store.runs()).map(({ folder }) => folder.home.slice(place.length + 1)).sort();

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'baton-store-'));
  for (const folder of ['north', 'south/team']) copyRuns(folder);
  const { workspace } = editor;
  workspace.workspaceFolders = [{ uri: file('north') }, { uri: file('south') }];
  workflows.splice(0, workflows.length, file('south/team/team.baton.yaml'));
  workspace.findFiles.mockReset();
  workspace.findFiles.mockImplementation(async () => [...workflows]);
  const context = {
    extension: { packageJSON: { version: '1' } },
    globalStorageUri: { fsPath: join(place, 'storage') },
  };
  const keep = <T extends { dispose?(): void }>(each: T) => {
    kept.push(each);
    return each;
  };
  store = new RunStore({ keep, context, log: { warn: expect.fail } } as unknown as Host);
});
afterEach(() => {
  for (const each of kept.splice(0)) each.dispose?.();
  rmSync(place, { recursive: true, force: true });
});

test('the open folders are searched once, however often a run goes on', async () => {
  expect(await homes()).toEqual(['north', 'south/team']);
  const { findFiles } = editor.workspace;
  for (let times = 0; times < 3; times++) {
    const before = store.list();
    tell(`changed ${logs}`, 'north/.baton/runs/r/run.jsonl');
    await expect.poll(() => store.list() !== before).toBe(true);
    expect(await homes()).toEqual(['north', 'south/team']);
  }
  expect(findFiles).toHaveBeenCalledOnce();

  // Another workflow, a folder that is opened, and a run where none was looked for.
  copyRuns('south/new');
  workflows.push(file('south/new/new.baton.yaml'));
  tell(`made ${workflowGlob}`, 'south/new/new.baton.yaml');
  expect(await homes()).toEqual(['north', 'south/new', 'south/team']);
  editor.workspace.workspaceFolders.shift();
  told.get('folders')!();
  expect(await homes()).toEqual(['south/new', 'south/team']);
  copyRuns('south/moved');
  workflows.push(file('south/moved/new.baton.yaml'));
  tell(`made ${logs}`, 'south/moved/.baton/runs/r/run.json');
  await expect.poll(homes).toEqual(['south/moved', 'south/new', 'south/team']);
  expect(findFiles).toHaveBeenCalledTimes(4);
});

test('who asks while the folders are searched gets that search, and what came during it', async () => {
  const { findFiles } = editor.workspace;
  const searched: (() => void)[] = [];
  findFiles.mockImplementation(async () => {
    const now = [...workflows];
    await new Promise<void>((resolve) => searched.push(resolve));
    return now;
  });
  const first = store.list();
  tell(`changed ${logs}`, 'north/.baton/runs/r/run.jsonl');
  expect(store.list()).toBe(first);
  copyRuns('south/new');
  workflows.push(file('south/new/new.baton.yaml'));
  tell(`made ${workflowGlob}`, 'south/new/new.baton.yaml');
  expect(store.list()).toBe(first);
  searched[0]!();
  await expect.poll(() => searched.length).toBe(2);
  searched[1]!();
  expect(await first).toHaveLength(3);
  expect(findFiles).toHaveBeenCalledTimes(2);
});

test('runs that cannot be listed are a row that says why, and hide no others', async () => {
  mkdirSync(join(place, 'south/.baton'));
  writeFileSync(join(place, 'south/.baton/runs'), 'not a folder');
  expect(await homes()).toEqual(['north', 'south/team']);
  const [first] = await store.list();
  const folder = join(place, 'south/.baton/runs');
  expect(first).toMatchObject({ folder: { path: folder }, all: true });
  expect(first).toHaveProperty(
    'unreadable',
    expect.stringMatching(/south\/\.baton\/runs cannot be listed \(ENOTDIR/),
  );

  // Where it is mended no file event says so: it is looked at once a second.
  rmSync(folder);
  copyRuns('south');
  await expect.poll(homes, { timeout: 5000 }).toEqual(['north', 'south', 'south/team']);
});

test('a deleted run is forgotten, and the others stay the same', async () => {
  const [north, south] = await store.runs();
  rmSync(north!.folder.path, { recursive: true });
  store.refresh();
  expect(await store.runs()).toEqual([south]);
  expect(store.known(north!.key)).toBeUndefined();
  expect(store.known(south!.key)).toBe(south);
});

/** How often the store says that something changed. */
async function heard() {
  await store.list();
  // Who waits for the first list is told of it.
  await new Promise((resolve) => setImmediate(resolve));
  const changes = vi.fn();
  store.onDidChange(changes);
  return changes;
}

test('a run whose process was killed is seen to have stopped', async () => {
  const [run] = await store.runs();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)']);
  const ended = once(child, 'exit');
  const owner = { pid: child.pid, started: processStart(child.pid!), host: hostname() };
  writeFileSync(run!.folder.lock, JSON.stringify(owner));
  store.refresh();
  const changes = await heard();
  expect(run!.live).toBe(true);
  child.kill('SIGKILL');
  await ended;
  await vi.waitUntil(() => changes.mock.calls.length > 0, 5000);
  expect(run!.live).toBe(false);
});

test.each([
  ['reviewed', 'north/.baton/runs/RUN/reviews/ann.jsonl'],
  ['given other weights', 'north/.baton/policies/current.json'],
])('a folder whose runs or roles were %s by another program is shown anew', async (_, written) => {
  const [run] = await store.runs();
  const changes = await heard();
  const path = join(place, written.replace('RUN', run!.folder.name));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '{}\n');
  // Where the editor is told of files, at once; else it is looked at once a second.
  await vi.waitUntil(() => changes.mock.calls.length > 0, 5000);
  const said = [...told.keys()].find((name) => name.startsWith('changed') && name.includes('reviews'));
  changes.mockClear();
  told.get(said!)!();
  await vi.waitUntil(() => changes.mock.calls.length > 0, 600);
});
