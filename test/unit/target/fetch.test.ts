// What a fetch takes, what it leaves, and what it refuses: work here is never written over.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bring, Diverged, type Fetched, type Source } from '../../../src/target/job/fetch.js';

let to: string;
/** Files there. */
let there: Record<string, string>;
beforeEach(() => {
  to = mkdtempSync(join(tmpdir(), 'baton-fetch-'));
  there = { 'run.jsonl': 'one\n' };
});
afterEach(() => rmSync(to, { recursive: true, force: true }));

const source: Source = {
  list: async () =>
    Object.entries(there).map(([path, text]) => ({
      path,
      hash: createHash('sha256').update(text).digest('hex'),
      size: text.length,
    })),
  read: async (_, files, take) => {
    for (const { path, size } of files) take(Buffer.from(`${size}\n${there[path]!.slice(0, size!)}`));
  },
};
const fetch = (from: Source = source): Promise<Fetched> => bring(from, 'there', to);
const here = (path = 'run.jsonl'): string => readFileSync(join(to, path), 'utf8');
const change = (text: string): void => writeFileSync(join(to, 'run.jsonl'), text);

it('brings what changed there as long as it is here as it came', async () => {
  expect(await fetch()).toEqual({ came: 1, kept: [] });
  there = { 'run.jsonl': 'one\ntwo\n', more: 'x' };
  expect(await fetch()).toEqual({ came: 2, kept: [] });
  expect(here()).toBe('one\ntwo\n');
  expect(await fetch()).toEqual({ came: 0, kept: [] });
  rmSync(join(to, 'more'));
  expect(await fetch()).toEqual({ came: 1, kept: [] });
});

it('keeps what went on here only, also where the last fetch was cut', async () => {
  await fetch();
  change('one\nmine\n');
  expect(await fetch()).toEqual({ came: 0, kept: ['run.jsonl'] });
  expect(here()).toBe('one\nmine\n');
  change('one\n');
  there = { 'run.jsonl': 'one\ntwo\n' };
  const cut = { ...source, read: async (): Promise<void> => Promise.reject(new Error('cut')) };
  await expect(fetch(cut)).rejects.toThrow('cut');
  expect(await fetch()).toEqual({ came: 1, kept: [] });
});

it('refuses what went on here and there, and brings nothing else of it', async () => {
  await fetch();
  change('one\nmine\n');
  there = { more: 'x', 'run.jsonl': 'one\ntwo\n' };
  await expect(fetch()).rejects.toThrow(Diverged);
  await expect(fetch()).rejects.toThrow(
    `${to} is not fetched: run.jsonl changed there, and here as well since it was last fetched. To have both, move the folder away and fetch again.`,
  );
  expect(here()).toBe('one\nmine\n');
  expect(existsSync(join(to, 'more'))).toBe(false);
});

it('leaves locks, caches and addresses of another machine there', async () => {
  there = { 'run.lock': 'x', 'reviews/a.jsonl.lock': 'x', 'control.json': 'x', 'index/offsets': 'x' };
  expect(await fetch()).toEqual({ came: 0, kept: [] });
  expect(readdirSync(to)).toEqual(['fetched.json']);
});

it('asks once more for what changed while it was read, then says so, with all else in its place', async () => {
  there = { 'run.jsonl': 'one\n', moving: 'x' };
  let reads = 0;
  const moving: Source = {
    ...source,
    read: async (from, files, take) => {
      if (reads++ < 1) there = { ...there, moving: `${reads}` };
      return source.read(from, files, take);
    },
  };
  expect(await fetch(moving)).toEqual({ came: 2, kept: [] });
  expect(reads).toBe(2);
  reads = -5;
  there = { 'run.jsonl': 'one\ntwo\n', moving: 'y' };
  await expect(fetch(moving)).rejects.toThrow(
    'moving changed while it was read; all else is here and whole.',
  );
  expect(here()).toBe('one\ntwo\n');
});
