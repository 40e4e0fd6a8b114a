import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  between,
  checkWorkflow,
  diskFiles,
  evaluate,
  isFault,
  parseExpression,
  randomFrom,
} from '../../../src/workflow/index.js';

const ROUNDS = 300;
const folder = join(import.meta.dirname, '../../../media/templates/table-team');
const template = readFileSync(join(folder, 'table-team.baton.yaml'), 'utf8');
/** What breaks parsers: indicators of YAML, brackets, quotes, half pairs, controls, names of prototypes. */
const pieces = ['{', '}', '[', ']', ':', '- ', '? ', '&a ', '*a', '!!js/function ', '|', '>', '"', "'", '#', '\t', '\n', '\r\n', '\0', '\u2028', '\ud800', '%', '@', '`', '${', '{{', '..', '__proto__', 'constructor', '1e999', '-', ',']; // biome-ignore format: a list

function mutated(text: string, random: () => number): string {
  let out = text;
  for (let times = between(1, 4, random); times > 0; times--) {
    const at = between(0, out.length, random);
    const to = Math.min(out.length, at + between(0, 30, random));
    const kind = random();
    if (kind < 0.4) out = out.slice(0, at) + pieces[between(0, pieces.length - 1, random)]! + out.slice(at);
    else if (kind < 0.7) out = out.slice(0, at) + out.slice(to);
    else if (kind < 0.9) out = out.slice(0, at) + out.slice(at, to) + out.slice(at);
    else out = out.slice(0, at);
  }
  return out;
}

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
