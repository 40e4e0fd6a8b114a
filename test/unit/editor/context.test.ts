import { expect, test } from 'vitest';
import { contextAt } from '../../../src/editor/language/index.js';

/** The context at `|` in a text. */
function at(text: string) {
  const offset = text.indexOf('|');
  const { path, typing, word } = contextAt(text.replace('|', ''), offset);
  return `${path.join('/')} ${typing} ${word}`.trimEnd();
}

test.each([
  ['top', 'ba|', ' key ba'],
  ['empty file', '|', ' key'],
  ['key in a mapping', 'agents:\n  a:\n    ro|', 'agents/a key ro'],
  ['blank line keeps the indentation', 'agents:\n  a:\n    role: x\n    |', 'agents/a key'],
  ['dedent leaves the mapping', 'agents:\n  a:\n    role: x\n  |', 'agents key'],
  ['value', 'agents:\n  a:\n    model: st|', 'agents/a/model value st'],
  ['flow mapping key', 'artifacts:\n  X: {path: a, ki|', 'artifacts/X key ki'],
  ['flow mapping value', 'artifacts:\n  X: {path: a, kind: ta|', 'artifacts/X/kind value ta'],
  ['flow list item', 'agents:\n  a:\n    consumes: [X, Y|', 'agents/a/consumes/- value Y'],
  ['flow list in flow mapping', 'agents:\n  a: {role: r, consumes: [X, |', 'agents/a/consumes/- value'],
  ['block list item', 'artifacts:\n  X:\n    checks:\n      - row|', 'artifacts/X/checks/- key row'],
  [
    'mapping in block list',
    'artifacts:\n  X:\n    checks:\n      - {check: row|',
    'artifacts/X/checks/-/check value row',
  ],
  ['flow over lines', 'agents:\n  a:\n    {\n      role: r,\n      prod|', 'agents/a key prod'],
  ['after a comment', 'models: # here\n  m|', 'models key m'],
  ['a colon in quotes', 'models:\n  m: {base_url: "http://x:1/v1", mo|', 'models/m key mo'],
  ['list of mappings', 'tasks:\n  - prompt: a\n    fi|', 'tasks/- key fi'],
])('%s', (_, text, expected) => {
  expect(at(text)).toBe(expected);
});

test('a folded text is text, whatever it looks like', () => {
  const text = 'agents:\n  a:\n    prompt: >-\n      key: {{task.|';
  const found = contextAt(text.replace('|', ''), text.indexOf('|'));
  expect(found).toMatchObject({ path: ['agents', 'a', 'prompt'], typing: 'value', inText: true });
});
