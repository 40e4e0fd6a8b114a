import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Blobs, GitObjects, LogWriter, mergeRollouts, RunFolder, readLog } from '../../../src/trace/index.js';

let base: string;
let [from, into] = [new RunFolder(''), new RunFolder('')];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'baton-merge-'));
  [from, into] = ['from', 'into'].map((name) =>
    RunFolder.create(join(base, name), { format: 1 } as never),
  ) as [RunFolder, RunFolder];
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

/** A rollout with a blob and a commit; only `finished` ones say that they ended. */
async function rollout(run: RunFolder, id: string, finished: boolean): Promise<string> {
  const blob = new Blobs(run.blobs).put(Buffer.from(`a body of ${id}`), true);
  const git = new GitObjects(run.git);
  git.create();
  git.branch(`${id}/main`, git.commit(git.tree(new Map()), [], id, 1));
  const { log } = await LogWriter.open(run.rollout(id));
  log.append({ type: 'alarm', data: { code: 'x', message: blob } });
  if (finished) log.append({ type: 'rollout.finished', data: { status: 'done', reason: null } });
  await log.close();
  return blob;
}

it('takes finished rollouts with their blobs and history, byte for byte, and leaves the others', async () => {
  const blob = await rollout(from, 'train.a.0', true);
  await rollout(from, 'train.b.0', false);
  new GitObjects(into.git).create();
  expect(await mergeRollouts(from, into, ['train.a.0', 'train.b.0', 'train.c.0'])).toEqual(['train.a.0']);
  expect(readFileSync(into.rollout('train.a.0'))).toEqual(readFileSync(from.rollout('train.a.0')));
  expect(new Blobs(into.blobs).get(blob).toString()).toBe('a body of train.a.0');
  const ref = 'refs/heads/train.a.0/main';
  expect(readFileSync(join(into.git, ref), 'utf8')).toBe(readFileSync(join(from.git, ref), 'utf8'));
  // Merged again, nothing is left to take.
  expect(await mergeRollouts(from, into, ['train.a.0'])).toEqual([]);
});

it('does not take a damaged log, and refuses a blob whose bytes were changed', async () => {
  const blob = await rollout(from, 'train.a.0', true);
  await rollout(from, 'train.b.0', true);
  const path = from.rollout('train.b.0');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"x"', '"y"'));
  expect(await mergeRollouts(from, into, ['train.b.0'])).toEqual([]);
  writeFileSync(join(from.blobs, blob.slice(0, 2), blob.slice(2)), 'something else');
  await expect(mergeRollouts(from, into, ['train.a.0'])).rejects.toThrow('damaged');
  expect(readLog(into.rollout('train.a.0')).events).toEqual([]);
});
