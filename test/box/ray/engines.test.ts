// Engines as actors of a Ray of their own, with a stand-in for the engine's program.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const folder = mkdtempSync('/tmp/bd-');
let said: Record<string, string[]>;

beforeAll(async () => {
  const python = join(process.env.BATON_RAY!, 'python');
  const driver = join(import.meta.dirname, '../../../src/target/ray/driver');
  const { stdout } = await promisify(execFile)(python, [join(import.meta.dirname, 'engines.py'), folder], {
    env: { ...process.env, PYTHONPATH: driver, RAY_TMPDIR: folder, PYTHONDONTWRITEBYTECODE: '1' },
  });
  const lines = stdout.trim().split('\n');
  said = Object.assign({}, ...lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const newest = ['checkpoints/base.json', 'policies/a/v1/weights', 'policies/a/v2/weights'];

it('the driver has what an engine made, and no longer what the engine needs no more', () => {
  expect(said.driver).toEqual(expect.arrayContaining(newest));
  expect(said.driver).not.toContain('policies/a/v1/optimizer');
});

it('an engine that Ray starts where nothing of it is has the newest policies', () => {
  expect(said.engine).toEqual(expect.arrayContaining(newest));
  expect(said.again).toEqual(expect.arrayContaining(newest));
});
