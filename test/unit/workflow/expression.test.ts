// The language of checks, conditions and outcomes, over facts whose answers are known by hand.
import { expect, test } from 'vitest';
import { evaluate, isFault, type Lookup, parseExpression, type Value } from '../../../src/workflow/index.js';

const facts: Record<string, Value> = {
  rows: 8,
  name: ' Iris ',
  columns: ['a', 'b', 'a'],
  empty: [],
  none: null,
  yes: true,
  value: { k: [1, 2], deep: { x: 1.5 } },
};
const lookup: Lookup = ([first, ...rest]) =>
  rest.reduce<Value | undefined>(
    (at, part) => (at !== null && typeof at === 'object' && !Array.isArray(at) ? at[part] : undefined),
    facts[first!],
  );
function answerOf(text: string): unknown {
  const parsed = parseExpression(text);
  if (isFault(parsed)) return `fault: ${parsed.message}`;
  const found = evaluate(parsed, lookup);
  return 'unknown' in found ? `unknown: ${found.unknown}` : found.value;
}

test.each<[string, unknown]>([
  // Literals and names.
  ['1.5e2', 150],
  ["'it''s'", expect.stringMatching(/^fault: /)],
  ["'it\\'s'", "it's"],
  ['[1, "a", [true, null]]', [1, 'a', [true, null]]],
  ['value.deep.x', 1.5],
  ['value.deep.y', 'unknown: value.deep.y'],
  ['nothing', 'unknown: nothing'],
  // Arithmetic binds as everywhere; comparison is looser, then not, and, or.
  ['2 + 3 * 4', 14],
  ['(2 + 3) * 4', 20],
  ['7 - 3 - 2', 2],
  ['8 / 4 / 2', 1],
  ['7 % 4', 3],
  ['-rows + 1', -7],
  ['2 * -3', -6],
  ['1 + 1 == 2', true],
  ['not 1 == 2', true],
  ['not yes or yes', true],
  ['yes or yes and not yes', true],
  ['(yes or yes) and not yes', false],
  ['not "a" in columns', false],
  // Comparison.
  ['rows == 8 and rows != 9 and rows < 9 and rows <= 8 and rows > 7 and rows >= 8', true],
  ['rows < 8 or rows > 8', false],
  ['"abc" < "abd"', true],
  ['"9" == 9', false],
  ['1 == true', false],
  ['none == null', true],
  ['none == 0', false],
  ['null < 1', false],
  ['value.k == [1, 2] and value.k != [2, 1]', true],
  ['columns == ["a", "b"]', false],
  ['1 < 2 < 3', expect.stringContaining('Join two comparisons with "and".')],
  // Membership.
  ['"a" in columns and "z" not in columns', true],
  ['"ri" in name', true],
  ['"k" in value and "z" not in value', true],
  ['[1, 2] in [[1, 2], 3]', true],
  ['1 in empty', false],
  // Joining.
  ['columns + ["c"]', ['a', 'b', 'a', 'c']],
  ['"x" + "y"', 'xy'],
  // Functions.
  ['count(columns)', 3],
  ['count("four")', 4],
  ['count(empty) == 0', true],
  ['abs(-2.5)', 2.5],
  ['min(2, 3) + max(2, 3)', 5],
  ['round(2.5)', 3],
  ['lower(trim(name))', 'iris'],
  ['unique(columns)', ['a', 'b']],
  ['without(columns, ["a"])', ['b']],
  ['contains(name, "Iri")', true],
  // What is not known leaves the whole open, unless the rest decides.
  ['nothing == 1', 'unknown: nothing'],
  ['nothing and rows == 9', false],
  ['rows == 8 or nothing', true],
  ['nothing and rows == 8', 'unknown: nothing'],
  ['not nothing', 'unknown: nothing'],
  ['count(nothing)', 'unknown: nothing'],
  ['[nothing]', 'unknown: nothing'],
  // What does not parse.
  ['', expect.stringContaining('fault: ')],
  ['rows ==', expect.stringContaining('ends too early')],
  ['rows = 8', expect.stringContaining('"=" is not part of the expression language.')],
  ['(rows', expect.stringContaining('")" is missing here.')],
  ['rows rows', expect.stringContaining('"rows" was not expected here.')],
  ['rows.__proto__', 'unknown: rows.__proto__'],
])('%s', (text, wanted) => {
  expect(answerOf(text)).toEqual(wanted);
});
