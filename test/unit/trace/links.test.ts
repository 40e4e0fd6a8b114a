// Hostile case 26: a run that came with a clone holds links to files of the user. Nothing is written through them.
import {
  lstatSync,
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
import { PolicyRegistry } from '../../../src/engine/index.js';
import {
  GitObjects,
  keepOverrule,
  LogWriter,
  RunFolder,
  takeLock,
  writeOwn,
} from '../../../src/trace/index.js';

const TEXT = 'export PATH=mine\n';
let mine: string;
let run: RunFolder;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-links-'));
  mine = join(folder, 'bashrc');
  writeFileSync(mine, TEXT);
  run = new RunFolder(join(folder, 'run'));
  for (const part of [join(run.path, 'rollouts'), run.git]) mkdirSync(part, { recursive: true });
});
const untouched = () => expect(readFileSync(mine, 'utf8')).toBe(TEXT);

const overrule = { rollout: 'run.a.0', action: 'a.0.0', score: 1, reason: 'no', author: 'ann' };

test("a person's word is not written through a link, nor into a linked folder", async () => {
  mkdirSync(run.reviews);
  const { file } = await namedReview();
  rmSync(file);
  symlinkSync(mine, file);
  await expect(keepOverrule(run, overrule)).rejects.toThrow(/is a link.*Remove it/);
  untouched();
  rmSync(run.reviews, { recursive: true });
  symlinkSync(join(run.path, 'rollouts'), run.reviews);
  await expect(keepOverrule(run, overrule)).rejects.toThrow(/is a link/);
});

/** The log that a word of this person goes to, whatever it is called. */
async function namedReview() {
  await keepOverrule(run, overrule);
  const name = readdirSync(run.reviews).find((each) => each.endsWith('.jsonl'))!;
  return { file: join(run.reviews, name) };
}

test('a log is neither cut nor copied through a link, and a torn one is kept in a file of its own', async () => {
  symlinkSync(mine, run.log);
  await expect(LogWriter.open(run.log)).rejects.toThrow(/is a link/);
  untouched();
  rmSync(run.log);
  writeFileSync(run.log, 'torn');
  symlinkSync(mine, `${run.log}.torn`);
  await expect(LogWriter.open(run.log)).rejects.toThrow(/is a link/);
  untouched();
  expect(readFileSync(run.log, 'utf8')).toBe('torn');
});

test('locks, the history and promoted policies replace a link', () => {
  symlinkSync(mine, `${run.lock}.${process.pid}`);
  const taken = takeLock(run.lock);
  if ('lock' in taken) taken.lock.release();
  symlinkSync(mine, join(run.git, 'config'));
  new GitObjects(run.git).create();
  expect(lstatSync(join(run.git, 'config')).isSymbolicLink()).toBe(false);
  const policies = join(run.path, 'policies');
  mkdirSync(policies);
  symlinkSync(mine, join(policies, 'current.json.draft'));
  new PolicyRegistry(policies).pin('a', true);
  const index = join(run.path, 'index.draft');
  symlinkSync(mine, index);
  writeOwn(index, 'new');
  expect(readFileSync(index, 'utf8')).toBe('new');
  untouched();
});

test('a linked history is refused', () => {
  rmSync(run.git, { recursive: true });
  symlinkSync(join(run.path, 'rollouts'), run.git);
  expect(() => new GitObjects(run.git).create()).toThrow(/is a link/);
});
