import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import {
  Blobs,
  GitObjects,
  GitView,
  removeTree,
  restore,
  WorkspaceHistory,
} from '../../../src/trace/index.js';

let home: string;
let work: string;
let history: WorkspaceHistory;
let blobs: Blobs;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'baton-ws-'));
  work = join(home, 'work');
  mkdirSync(work);
  blobs = new Blobs(join(home, 'blobs'));
  const git = new GitObjects(join(home, 'workspace.git'));
  git.create();
  history = new WorkspaceHistory(work, 'rollout/main', blobs, git);
});

test('one commit per change, readable and whole for git itself', async () => {
  mkdirSync(join(work, 'sub'));
  writeFileSync(join(work, 'sub/a.txt'), 'one\r\n');
  writeFileSync(join(work, 'sub.txt'), 'beside');
  const first = history.record('a.0.0', 1000);
  expect(first.wrote.map((file) => file.path)).toEqual(['sub/a.txt', 'sub.txt']);
  expect(history.record('a.0.1', 2000).commit).toBe(first.commit);
  rmSync(join(work, 'sub.txt'));
  const second = history.record('b.0.0', 3000);
  expect(second).toMatchObject({ deleted: ['sub.txt'], wrote: [] });
  const view = new GitView(join(home, 'workspace.git'));
  await view.verify(second.commit!);
  expect(await view.list(first.commit!)).toEqual(['sub.txt', 'sub/a.txt']);
  expect(await view.message(second.commit!)).toBe('b.0.0');
  expect((await view.show(first.commit!, 'sub/a.txt')).toString()).toBe('one\r\n');
  view.close();
  expect(
    execFileSync('git', ['--git-dir', join(home, 'workspace.git'), 'log', '--format=%s', 'rollout/main'], {
      encoding: 'utf8',
    }),
  ).toBe('b.0.0\na.0.0\n');
});

test('hostile files: links and devices are named and never read; a planted .git stays in the log; bytes are exact', () => {
  writeFileSync(join(home, 'secret'), 'canary');
  symlinkSync(join(home, 'secret'), join(work, 'model.pkl'));
  linkSync(join(home, 'secret'), join(work, 'hard.pkl'));
  execFileSync('mkfifo', [join(work, 'pipe')]);
  mkdirSync(join(work, '.git/hooks'), { recursive: true });
  writeFileSync(join(work, '.git/hooks/post-checkout'), '#!/bin/sh\ntouch /tmp/owned');
  writeFileSync(join(work, '.gitattributes'), '* text eol=crlf filter=x');
  writeFileSync(join(work, 'a.txt'), 'a\nb\n');
  const recorded = history.record('a.0.0', 0);
  expect(recorded.refused.map((file) => file.path).sort()).toEqual(['hard.pkl', 'model.pkl', 'pipe']);
  expect(recorded.wrote.map((file) => file.path)).toEqual([
    '.git/hooks/post-checkout',
    '.gitattributes',
    'a.txt',
  ]);
  const copy = join(home, 'copy');
  restore(history.state, blobs, copy);
  expect(readFileSync(join(copy, 'a.txt'), 'utf8')).toBe('a\nb\n');
  expect(readFileSync(join(copy, '.git/hooks/post-checkout'), 'utf8')).toContain('owned');
  expect(
    readdirSync(join(home, 'blobs')).some((part) => readdirSync(join(home, 'blobs', part)).length === 0),
  ).toBe(false);
});

test('an unchanged time does not hide a change', () => {
  writeFileSync(join(work, 'a.txt'), 'aaaa');
  history.record('a.0.0', 0);
  execFileSync('sh', [
    '-c',
    `touch -r ${work}/a.txt ${home}/ref; printf bbbb > ${work}/a.txt; touch -r ${home}/ref ${work}/a.txt`,
  ]);
  expect(history.record('a.0.1', 0).wrote).toHaveLength(1);
});

test('a log that names paths outside the folder writes nothing there', () => {
  const hash = blobs.put(Buffer.from('x'));
  for (const path of ['../out', '/tmp/out', 'a/../../out', '']) {
    const state = new Map([[path, { path, sha256: hash, bytes: 1, executable: false }]]);
    expect(() => restore(state, blobs, join(home, `to-${Math.random()}`))).toThrow(/would leave the folder/);
  }
});

test("hostile case 26: another repository's config, hooks and attributes run nothing", async () => {
  writeFileSync(join(work, '.gitattributes'), '* diff=evil filter=evil');
  writeFileSync(join(work, 'a.txt'), 'a\n');
  const { commit } = history.record('a.0.0', 0);
  const owned = join(home, 'owned');
  const git = join(home, 'workspace.git');
  writeFileSync(
    join(git, 'config'),
    `[core]\n\tbare = false\n\tworktree = ${work}\n\tfsmonitor = touch ${owned}\n\thooksPath = ${home}/hooks\n\tpager = touch ${owned}\n[diff]\n\texternal = touch ${owned}\n[diff "evil"]\n\ttextconv = touch ${owned}\n[filter "evil"]\n\tsmudge = touch ${owned}\n\tclean = touch ${owned}\n[alias]\n\tcat-file = !touch ${owned}\n`,
  );
  mkdirSync(join(home, 'hooks'));
  for (const hook of ['post-checkout', 'fsmonitor-watchman', 'post-index-change'])
    writeFileSync(join(home, 'hooks', hook), `#!/bin/sh\ntouch ${owned}\n`, { mode: 0o755 });
  const view = new GitView(git);
  expect(await view.list(commit!)).toEqual(['.gitattributes', 'a.txt']);
  expect((await view.show(commit!, 'a.txt')).toString()).toBe('a\n');
  await view.verify(commit!);
  view.close();
  expect(existsSync(owned)).toBe(false);
  writeFileSync(join(git, 'objects/info/alternates'), '/somewhere/objects\n');
  expect(() => new GitView(git)).toThrow(/points to other repositories/);
});

test('paths longer than the system takes are named and end nothing; the folder can be removed, no link followed', () => {
  writeFileSync(join(home, 'outside'), 'stays');
  const dig = 'mkdir "$0" && cd -P "$0" || exit 1';
  execFileSync(
    'bash',
    ['-c', `for i in $(seq 60); do ${dig}; done; echo x > f; ln -s ${home} l`, 'd'.repeat(200)],
    {
      cwd: work,
    },
  );
  symlinkSync(home, join(work, 'link'));
  writeFileSync(join(work, 'a.txt'), 'a');
  const { wrote, refused } = history.record('a.0.0', 1000);
  expect(wrote.map((file) => file.path)).toEqual(['a.txt']);
  expect(refused.map(({ why }) => why)).toContain('it cannot be looked at');
  expect(removeTree(work)).toBe(true);
  expect([existsSync(work), readFileSync(join(home, 'outside'), 'utf8')]).toEqual([false, 'stays']);
  expect(removeTree(work)).toBe(true);
});

test('what comes before the place where there were too many files is kept, and only who made them is logged with it', () => {
  mkdirSync(join(work, 'm/n'), { recursive: true });
  for (let at = 0; at <= 20_000; at++) mkdirSync(join(work, 'm/n', String(at).padStart(5, '0')));
  mkdirSync(join(work, 'empty'));
  writeFileSync(join(work, 'b.txt'), 'b');
  const full = expect.stringMatching(/^more than 20000 files/);
  const made = history.record('a.0.0', 1000);
  expect(made.refused).toEqual([{ path: expect.stringMatching(/^m\/n\//), why: full }]);
  writeFileSync(join(work, 'a.txt'), 'a');
  writeFileSync(join(work, 'z.txt'), 'z');
  expect(history.record('b.0.0', 2000)).toMatchObject({ refused: [], wrote: [{ path: 'a.txt' }] });
  for (const path of ['a.txt', 'b.txt', 'empty', 'm/n/00001']) expect(history.unkept(path)).toBeNull();
  for (const path of ['m', 'm/n', 'm/z', 'z.txt']) expect(history.unkept(path)).toMatchObject({ why: full });
});
