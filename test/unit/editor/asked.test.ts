import { expect, test, vi } from 'vitest';
import type { WorkflowFiles } from '../../../src/workflow/index.js';

vi.mock('vscode', () => ({}));
const { Asked } = await import('../../../src/editor/providers/asked.js');

const files: WorkflowFiles = {
  folder: '/w',
  read: () => ({ refused: 'missing', message: '' }),
  resolve: (path) => (path === 'link.md' ? { path: '/w/real.md' } : { refused: 'missing', message: '' }),
  list: () => [],
};

test.each([
  ['a file that was read', '/w/a/b.md', true],
  ['a folder that it would lie in', '/w/a', true],
  ['what lies in a folder that was asked for', '/w/inputs/x/y.bin', true],
  ['where a link leads', '/w/real.md', true],
  ['what a pattern may find', '/w/tasks/x/one.yaml', true],
  ['a folder that a pattern may look into', '/w/tasks/x', true],
  ['another ending than the pattern has', '/w/tasks/x/one.bin', false],
  ['a folder above one that a pattern looks into', '/w/deep', true],
  ['a plain path in place of a pattern', '/w/plain.csv', true],
  ['a name that ends as a plain path does', '/w/x/plain.csv', false],
  ['a neighbour', '/w/a/c.md', false],
  ['a name that begins the same', '/w/inputs.md', false],
  ['the folder itself', '/w', false],
  ['what lies elsewhere', '/v/a/b.md', false],
])('%s', (_, path, has) => {
  const asked = new Asked('/w');
  const noting = asked.noting(files);
  noting.read('a/b.md');
  noting.resolve('inputs');
  noting.read('link.md');
  for (const pattern of ['tasks/**/*.yaml', 'deep/er/*.csv', 'plain.csv']) noting.list(pattern);
  expect(asked.has(path)).toBe(has);
  const later = new Asked('/w');
  later.add(asked);
  expect(later.has(path)).toBe(has);
});
