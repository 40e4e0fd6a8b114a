import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTargets } from '../../../src/target/index.js';
import { checkWorkflow, diskFiles, formatProblem } from '../../../src/workflow/index.js';

const root = join(import.meta.dirname, '../../..');
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

test('every YAML block in the docs is a workflow without problems, or a file of targets', () => {
  const blocks = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(
      (match) => [page, match[1]!] as const,
    ),
  );
  expect(blocks.length).toBeGreaterThan(0);
  const folder = mkdtempSync(join(tmpdir(), 'baton-docs-'));
  const targets = join(folder, 'targets.yaml');
  for (const [page, text] of blocks) {
    if (text.startsWith('targets:')) {
      writeFileSync(targets, text);
      expect(Object.keys(readTargets(targets))).not.toEqual([]);
      continue;
    }
    const { problems } = checkWorkflow(text, page, { files: diskFiles(root) });
    expect(problems.map(formatProblem)).toEqual([]);
  }
  rmSync(folder, { recursive: true });
});
