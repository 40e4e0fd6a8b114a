import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  checkWorkflow,
  diskFiles,
  evaluate,
  isFault,
  parseExpression,
  randomFrom,
} from '../../../src/workflow/index.js';
import { mutated } from '../mutated.js';

const ROUNDS = 300;
const folder = join(import.meta.dirname, '../../../media/templates/table-team');
const template = readFileSync(join(folder, 'table-team.baton.yaml'), 'utf8');
test('a workflow that is broken anywhere gives problems with places in it, and never an exception', () => {
  const random = randomFrom('broken workflows');
  const files = diskFiles(folder);
  let broken = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const text = mutated(template, random);
    const { problems } = checkWorkflow(text, 'table-team.baton.yaml', { files });
    const lines = text.split(/\r\n|\n/);
    broken += problems.length > 0 ? 1 : 0;
    for (const problem of problems.filter(({ file }) => file === 'table-team.baton.yaml')) {
      const place = JSON.stringify({ problem, near: lines.slice(problem.line - 2, problem.line + 1) });
      expect(problem.message, place).not.toBe('');
      expect(problem.line, place).toBeGreaterThanOrEqual(1);
      expect(problem.line, place).toBeLessThanOrEqual(lines.length);
      expect(problem.endLine, place).toBeGreaterThanOrEqual(problem.line);
      expect(problem.column, place).toBeLessThanOrEqual((lines[problem.line - 1] ?? '').length + 1);
    }
  }
  expect(broken).toBeGreaterThan(ROUNDS / 3);
});

test('an expression that is broken anywhere is a fault with a place, or something that can be evaluated', () => {
  const random = randomFrom('broken expressions');
  const whole =
    'len(columns) == task.rows and not (missing > 0 or task.target in columns) and 3 * rows >= -2.5';
  for (let round = 0; round < ROUNDS * 4; round++) {
    const text = mutated(whole, random);
    const parsed = parseExpression(text);
    if (!isFault(parsed)) evaluate(parsed, () => undefined);
    else expect(parsed.message, text).not.toBe('');
  }
});
