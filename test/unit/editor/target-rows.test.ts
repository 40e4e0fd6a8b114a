// Rows of machines and of their jobs, without an editor.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';
import type { RunControl } from '../../../src/editor/runs/control.js';

const { editor, granted, asked } = vi.hoisted(() => {
  const granted: (() => void)[] = [];
  const asked: unknown[][] = [];
  const event = () => undefined;
  const t = (text: string, ...args: unknown[]) =>
    `~${text.replace(/\{(\d)\}/g, (_, at) => String(args[Number(at)]))}`;
  class Item {
    constructor(readonly label: string) {}
  }
  class Emitter {
    event = event;
    fire = event;
  }
  const answers = { confirmed: '' as string | undefined, notes: [] as { fsPath: string }[] };
  const editor = {
    answers,
    l10n: { t },
    TreeItem: Item,
    TreeItemCollapsibleState: {},
    ThemeIcon: Item,
    ThemeColor: Item,
    EventEmitter: Emitter,
    RelativePattern: Item,
    Uri: { file: (path: string) => path },
    window: {
      withProgress: (_: object, work: () => unknown) => work(),
      showWarningMessage: async (...said: unknown[]) => {
        asked.push(said);
        return answers.confirmed;
      },
    },
    workspace: {
      isTrusted: true,
      findFiles: async () => answers.notes,
      onDidGrantWorkspaceTrust: (listener: () => void) => granted.push(listener),
      createFileSystemWatcher: () => ({ onDidCreate: event, onDidChange: event, onDidDelete: event }),
    },
  };
  return { editor, granted, asked };
});
vi.mock('vscode', () => editor);
const { targetItem } = await import('../../../src/editor/targets/rows.js');
const { Targets } = await import('../../../src/editor/targets/targets.js');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-rows-'));
  mkdirSync(join(folder, 'baton'));
  writeFileSync(join(folder, 'baton/targets.yaml'), 'targets: {box: {kind: ssh, host: box}}\n');
  vi.stubEnv('XDG_CONFIG_HOME', folder);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const row = (is: string, code?: number) =>
  targetItem({ is: 'job', target: 'box', name: 'j', state: { is, code }, step: '~step 1 of 2' });

it('a job says in words of the editor how it stands, and what to do', () => {
  expect(row('running')).toMatchObject({ label: '~Job, ~running', description: '~step 1 of 2 · j' });
  expect(row('exited', 0)).toMatchObject({ label: '~Job, ~ended', description: '~step 1 of 2 · j' });
  for (const each of [row('rebooted'), row('lost'), row('sent'), row('exited', 3)]) {
    expect(each.label).toMatch(/^~Job, ~\w+,? \w+/);
    expect(each.description).toMatch(/^~step 1 of 2 · j · ~.*baton jobs resume j/);
    expect(each.tooltip).toMatch(/\n~.*baton jobs resume j/);
    expect(each.contextValue).toBe('baton.job');
  }
  expect(row('exited', 0).contextValue).toBe('baton.endedJob');
  expect(row('starting')).toMatchObject({ label: '~Job, ~starting', contextValue: 'baton.liveJob' });
  expect(row('sent').tooltip).toContain('baton jobs remove j');
});

const missing = { what: 'node', works: false, needed: true, why: 'no Node', todo: [] };

const job = { is: 'job', target: 'box', name: 'j', state: { is: 'lost' }, step: null } as const;
let carried: string[] = [];
beforeEach(() => {
  carried = [];
});

/** The user's machines where the command line prints, or refuses, these. */
function targetsOf(answers: Record<string, unknown>) {
  const host = { keep: <T>(each: T) => each, log: { error: () => undefined } } as unknown as Host;
  const ask = async ([command = '']: string[]) => {
    const answer = answers[command];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const note = (args: string[]) => void carried.push(args.join(' '));
  const once = async (args: string[]) => note(args);
  const there = async (_what: string, from: string, target: string, args: string[]) =>
    note([from, target, ...args]);
  return new Targets(host, { ask, once, there } as unknown as RunControl);
}
const rowsOf = (answers: Record<string, unknown>) => targetsOf(answers).ask('box');

it('the jobs of a machine that lacks something are shown all the same', async () => {
  const jobs = [{ name: 'j', state: { is: 'running' }, step: null }];
  const found = await rowsOf({ target: { findings: [missing] }, jobs: { jobs } });
  expect(found).toMatchObject([{ is: 'job', name: 'j' }, { is: 'finding' }]);
});

it('what a machine has is shown where its jobs cannot be listed', async () => {
  const found = await rowsOf({
    target: { findings: [missing] },
    jobs: new Error('box: no room. Free some.'),
  });
  expect(found).toMatchObject([
    { is: 'unreadable', name: 'box:', why: 'no room. Free some.' },
    { is: 'finding' },
  ]);
  const away = new Error('box: away.');
  expect(await rowsOf({ target: away })).toMatchObject([{ is: 'unreadable' }]);
});

it('a machine that was not asked for want of trust is asked once it is given', async () => {
  editor.workspace.isTrusted = false;
  const targets = targetsOf({ target: { findings: [missing] }, jobs: { jobs: [] } });
  expect(await targets.ask('box')).toMatchObject([{ is: 'nothing', says: expect.stringMatching(/trusted/) }]);
  editor.workspace.isTrusted = true;
  granted.at(-1)!();
  expect(await targets.ask('box')).toMatchObject([{ is: 'finding' }]);
});

it('a job is removed where it lies once that is confirmed, and not before', async () => {
  const targets = targetsOf({});
  editor.answers.confirmed = undefined;
  await targets.remove(job);
  expect(carried).toEqual([]);
  expect(asked.at(-1)).toMatchObject(['~Remove j from box?', { modal: true }, '~Remove']);
  editor.answers.confirmed = '~Remove';
  await targets.remove(job);
  expect(carried).toEqual(['jobs remove j --target box']);
});

it('a job is resumed from the folder that it was sent from, and where that is not open this is said', async () => {
  const targets = targetsOf({});
  await expect(targets.resume(job)).rejects.toThrow('Open that folder first.');
  editor.answers.notes = [{ fsPath: '/team/.baton/jobs/j.json' }];
  await targets.resume(job);
  expect(carried).toEqual(['/team box jobs resume j']);
});
