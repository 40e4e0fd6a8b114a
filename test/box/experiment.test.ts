import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { torchPython } from './python.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-experiment-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const root = join(import.meta.dirname, '../..');
const sizes = ['--seeds', '1', '--steps', '1', '--rollouts', '3', '--eval-tasks', '3', '--select-tasks', '1'];
const experiment = () =>
  promisify(execFile)(
    process.execPath,
    ['scripts/experiment-lm.mjs', ...sizes, '--base', process.env.BATON_SMOLLM2!, '--out', folder],
    { cwd: root, env: { ...process.env, BATON_TORCH_PYTHON: torchPython() } },
  );

// As much as two cores do in a minute or two: that the figures come about, not how high they are.
it('measures a team of SmolLM2 on held-out problems before and after, and puts it on record once', async () => {
  const { stdout } = await experiment();
  const interval = String.raw`-?\d+ \[-?\d+, -?\d+\]`;
  const row = new RegExp(
    `^\\| \\S+, seed 1 \\| 1 x 3 \\| 3 \\| ${interval} \\| ${interval} \\| ${interval} \\|`,
    'm',
  );
  expect(stdout).toMatch(row);
  expect(readFileSync(join(folder, 'sums.md'), 'utf8')).toMatch(row);
  const path = join(folder, 'sums.jsonl');
  const record = readFileSync(path, 'utf8');
  const { before, after } = JSON.parse(record) as Record<'before' | 'after', { tasks: object }>;
  expect(Object.keys(before.tasks)).toHaveLength(3);
  expect(Object.keys(after.tasks)).toEqual(Object.keys(before.tasks));

  expect((await experiment()).stdout).toBe(stdout);
  expect(readFileSync(path, 'utf8')).toBe(record);
});
