import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkWorkflow, diskFiles, formatProblem } from '../../../src/workflow/index.js';

const root = join(import.meta.dirname, '../../..');
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

test('every YAML block in the docs is a workflow without problems', () => {
  const blocks = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(
      (match) => [page, match[1]!] as const,
    ),
  );
  expect(blocks.length).toBeGreaterThan(0);
  for (const [page, text] of blocks) {
    const { problems } = checkWorkflow(text, page, { files: diskFiles(root) });
    expect(problems.map(formatProblem)).toEqual([]);
  }
});
