import { expect, test } from 'vitest';
import { contextAt } from '../../../src/editor/language/index.js';

/** The context at `|` at the end of a text. */
function at(text: string) {
  const { path, typing, word } = contextAt(text.slice(0, -1), text.length - 1);
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
  [
    "list at its key's indent",
    'agents:\n  a:\n    produces:\n    - X\n    - Y|',
    'agents/a/produces/- key Y',
  ],
  ["mapping in a list at its key's indent", 'tasks:\n- id: t1\n  prom|', 'tasks/- key prom'],
  ["lists in lists at their keys' indents", 'flow:\n- a\n- parallel:\n  - b|', 'flow/-/parallel/- key b'],
  ['item behind an inner list', 'flow:\n- parallel:\n  - b\n- |', 'flow/- key'],
  ["key behind a list at its key's indent", 'flow:\n- a\n- parallel:\n  - b\nage|', ' key age'],
  ['flow mapping behind an anchor', 'agents:\n  a: &r {role: x, mo|', 'agents/a key mo'],
  ['flow mapping behind an anchor in a list', 'tasks:\n  - &t {pro|', 'tasks/- key pro'],
  ['text behind a tag', 'agents:\n  a:\n    role: !!str |-\n      b: c\n    mo|', 'agents/a key mo'],
  ['an escaped quote', 'agents:\n  a: {role: "say \\"{b", mo|', 'agents/a key mo'],
  ['a doubled quote', "agents:\n  a: {role: 'it''s {b', mo|", 'agents/a key mo'],
  ['a quoted text over lines', 'agents:\n  a:\n    role: "a\n      it\'s: {b"\n    mo|', 'agents/a key mo'],
  [
    'below a comment in a flow list',
    'agents:\n  a:\n    produces: [\n      X, # c\n      Y|',
    'agents/a/produces/- value Y',
  ],
  ['below a comment in a flow mapping', 'agents:\n  a: {\n    # c\n    ro|', 'agents/a key ro'],
  ['list of mappings', 'tasks:\n  - prompt: a\n    fi|', 'tasks/- key fi'],
])('%s', (_, text, expected) => {
  expect(at(text)).toBe(expected);
});

test('a folded text is text, whatever it looks like', () => {
  const text = 'agents:\n  a:\n    prompt: >-\n      key: {{task.|';
  const found = contextAt(text.replace('|', ''), text.indexOf('|'));
  expect(found).toMatchObject({ path: ['agents', 'a', 'prompt'], typing: 'value', inText: true });
});
