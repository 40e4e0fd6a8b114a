import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { GitObjects } from '../../../src/trace/index.js';

test('a branch is moved where it stands, and a link in its place is not followed', () => {
  const home = mkdtempSync(join(tmpdir(), 'baton-branch-'));
  const git = new GitObjects(join(home, 'workspace.git'));
  git.create();
  const [one, two] = ['1', '2'].map((message) => git.commit(git.tree(new Map()), [], message, 1));
  const ref = join(home, 'workspace.git/refs/heads/r/main');
  for (const commit of [one, two, one]) {
    git.branch('r/main', commit!);
    expect(readFileSync(ref, 'utf8')).toBe(`${commit}\n`);
  }
  const own = join(home, 'own');
  writeFileSync(own, 'of the user');
  const linked = join(home, 'workspace.git/refs/heads/s/main');
  mkdirSync(dirname(linked), { recursive: true });
  symlinkSync(own, linked);
  git.branch('s/main', two!);
  expect(readFileSync(own, 'utf8')).toBe('of the user');
  expect(readFileSync(linked, 'utf8')).toBe(`${two}\n`);
  rmSync(home, { recursive: true });
});
