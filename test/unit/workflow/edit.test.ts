import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isCollection, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import {
  applyEdits,
  changeText,
  checkWorkflow,
  diskFiles,
  mentions,
  oneEdit,
  parseSource,
  renameEdits,
} from '../../../src/workflow/index.js';

const folder = join(import.meta.dirname, '../../../media/templates/table-team');
const file = 'table-team.baton.yaml';
const template = readFileSync(join(folder, file), 'utf8');

function source(text: string) {
  return parseSource(text, file).source!;
}

describe('changing one value', () => {
  const text = `# top
baton: 1 # the version
agents:
  # who reads
  reader: {role: Read., consumes: [], produces: [facts]} # first
  writer:
    role: 'Write it.' # quoted
    consumes:
      - facts # from the reader
      - notes
    produces: [report]
    instructions: |
      Be short.
      Be kind.

# after the agents
limits:
`;
  const cases: [string, Parameters<typeof changeText>[1][number], string, string][] = [
    ['a plain scalar', { do: 'set', path: ['baton'], value: 2 }, 'baton: 1 #', 'baton: 2 #'],
    [
      'a quoted scalar keeps its quotes',
      { do: 'set', path: ['agents', 'writer', 'role'], value: "It's done." },
      "'Write it.' #",
      "'It''s done.' #",
    ],
    [
      'a value in a flow mapping',
      { do: 'set', path: ['agents', 'reader', 'role'], value: 'Look.' },
      'role: Read.',
      'role: Look.',
    ],
    [
      'a text that YAML would read otherwise',
      { do: 'set', path: ['agents', 'reader', 'role'], value: 'yes: no' },
      'role: Read.',
      'role: "yes: no"',
    ],
    [
      'a new key in a flow mapping',
      { do: 'set', path: ['agents', 'reader', 'max_turns'], value: 3 },
      'produces: [facts]}',
      'produces: [facts], max_turns: 3}',
    ],
    [
      'a new key in a block mapping, before what follows',
      { do: 'set', path: ['agents', 'writer', 'max_turns'], value: 3 },
      '      Be kind.\n',
      '      Be kind.\n    max_turns: 3\n',
    ],
    [
      'an item in an empty list',
      { do: 'add', path: ['agents', 'reader', 'consumes'], value: 'notes' },
      'consumes: []',
      'consumes: [notes]',
    ],
    [
      'an item in a flow list',
      { do: 'add', path: ['agents', 'writer', 'produces'], value: 'log' },
      '[report]',
      '[report, log]',
    ],
    [
      'an item in a block list',
      { do: 'add', path: ['agents', 'writer', 'consumes'], value: 'log' },
      '      - notes\n',
      '      - notes\n      - log\n',
    ],
    [
      'a list that is not there',
      { do: 'add', path: ['agents', 'reader', 'tools'], value: 'python' },
      'produces: [facts]}',
      'produces: [facts], tools: [python]}',
    ],
    [
      'an item out of a block list',
      { do: 'remove', path: ['agents', 'writer', 'consumes', 0] },
      '      - facts # from the reader\n',
      '',
    ],
    [
      'the only item of a flow list',
      { do: 'remove', path: ['agents', 'writer', 'produces', 0] },
      '[report]',
      '[]',
    ],
    [
      'a key out of a flow mapping',
      { do: 'remove', path: ['agents', 'reader', 'consumes'] },
      'consumes: [], ',
      '',
    ],
    [
      'a whole role',
      { do: 'remove', path: ['agents', 'reader'] },
      '  reader: {role: Read., consumes: [], produces: [facts]} # first\n',
      '',
    ],
    [
      'a new role',
      { do: 'set', path: ['agents', 'critic'], value: { role: 'Doubt.', consumes: ['report'] } },
      '      Be kind.\n',
      '      Be kind.\n  critic: {role: Doubt., consumes: [report]}\n',
    ],
    [
      'a section that is not there',
      { do: 'set', path: ['artifacts', 'facts', 'kind'], value: 'json' },
      'limits:\n',
      'limits:\nartifacts:\n  facts:\n    kind: json\n',
    ],
  ];
  it.each(cases)('%s', (_name, change, before, after) => {
    expect(changeText(text, [change])).toBe(text.replace(before, after));
  });

  it('changes nothing where there is nothing to remove', () => {
    expect(changeText(text, [{ do: 'remove', path: ['agents', 'nobody'] }])).toBe(text);
  });

  it('keeps the line ends of Windows', () => {
    const windows = 'a:\r\n  b: 1 # one\r\n  c: 2\r\nd: 3\r\n';
    expect(changeText(windows, [{ do: 'set', path: ['a', 'e'], value: 4 }])).toBe(
      'a:\r\n  b: 1 # one\r\n  c: 2\r\n  e: 4\r\nd: 3\r\n',
    );
  });

  it('refuses a text that is not YAML, and says where', () => {
    expect(() => changeText('a: [1', [{ do: 'set', path: ['a'], value: 1 }])).toThrow(/not valid YAML/);
  });
});

/** Every path of a document, keys and items. */
function paths(node: unknown, at: (string | number)[] = []): (string | number)[][] {
  if (!isCollection(node)) return [];
  return node.items.flatMap((item, index) => {
    const pair = item as { key: { value: string }; value: unknown };
    const step = isMap(node) ? pair.key.value : index;
    const child = isMap(node) ? pair.value : item;
    return [[...at, step], ...paths(child, [...at, step])];
  });
}

describe('every value of the shipped workflow', () => {
  const doc = parseDocument(template);
  const all = paths(doc.contents);
  const comments = (text: string) => text.match(/#.*$/gm) ?? [];

  it('can be removed, and only it goes', () => {
    expect(all.length).toBeGreaterThan(150);
    for (const path of all) {
      const wanted = parseDocument(template);
      wanted.deleteIn(path);
      const next = changeText(template, [{ do: 'remove', path }]);
      expect(parseDocument(next).toJS(), path.join('.')).toEqual(wanted.toJS());
    }
  });

  it('can be set, with every comment and every other line kept', () => {
    for (const path of all.filter((path) => isScalar(doc.getIn(path, true)))) {
      const next = changeText(template, [{ do: 'set', path, value: 'something: else # here' }]);
      const wanted = parseDocument(template);
      wanted.setIn(path, 'something: else # here');
      expect(parseDocument(next).toJS(), path.join('.')).toEqual(wanted.toJS());
      expect(comments(next).length).toBeGreaterThanOrEqual(comments(template).length);
      const changed = oneEdit(template, next)!;
      expect(template.slice(changed.start, changed.end).split('\n').length).toBeLessThanOrEqual(4);
    }
  });

  it('can be appended to, at every list', () => {
    for (const path of all.filter((path) => isSeq(doc.getIn(path)))) {
      const next = changeText(template, [{ do: 'add', path, value: 'one_more' }]);
      const wanted = parseDocument(template);
      (wanted.getIn(path) as { add(value: unknown): void }).add('one_more');
      expect(parseDocument(next).toJS()).toEqual(wanted.toJS());
      expect(next.length - template.length).toBeLessThan(40);
    }
  });
});

describe('what has a layout of its own', () => {
  const text = `# top
agents:
  reader: {role: Read., produces: [facts]}

  writer:
    role: Write.
    consumes:
      - facts
    produces:
    instructions: |
      Be short.

      Be kind.
    prompt: >-
      All on
      one line.
models:
`;
  const changed = (change: Parameters<typeof changeText>[1][number]) => changeText(text, [change]);
  it.each([
    [
      'the only item of a list in lines',
      { do: 'remove', path: ['agents', 'writer', 'consumes', 0] },
      '    consumes:\n      - facts\n',
      '    consumes: []\n',
    ],
    [
      'a key that has no value yet',
      { do: 'add', path: ['agents', 'writer', 'produces'], value: 'report' },
      '    produces:\n',
      '    produces: [report]\n',
    ],
    [
      'a mapping that is empty',
      { do: 'set', path: ['models', 'local', 'provider'], value: 'embedded' },
      'models:\n',
      'models:\n  local: {provider: embedded}\n',
    ],
    [
      'a text in lines of its own',
      { do: 'set', path: ['agents', 'writer', 'instructions'], value: 'Be short.\n\nBe very kind.\n' },
      '      Be kind.\n',
      '      Be very kind.\n',
    ],
    [
      'a folded text',
      { do: 'set', path: ['agents', 'writer', 'prompt'], value: 'All on\ntwo lines.' },
      '    prompt: >-\n      All on\n      one line.\n',
      '    prompt: |-\n      All on\n      two lines.\n',
    ],
    [
      'a text that gets more lines',
      { do: 'set', path: ['agents', 'writer', 'role'], value: 'Write.\nWell.' },
      '    role: Write.\n',
      '    role: |-\n      Write.\n      Well.\n',
    ],
  ] as const)('%s', (_what, change, from, to) => {
    expect(text).toContain(from);
    expect(changed(change)).toBe(text.replace(from, to));
  });

  it('a text in brackets stays on its line', () => {
    expect(changed({ do: 'set', path: ['agents', 'reader', 'role'], value: 'a\nb' })).toContain(
      '{role: "a\\nb", produces',
    );
  });
});

describe('renaming', () => {
  const files = diskFiles(folder);
  const apply = (text: string, kind: 'role' | 'artifact' | 'model', from: string, to: string) => {
    const found = renameEdits(source(text), kind, from, to, files);
    if ('refused' in found) throw new Error(found.refused);
    return applyEdits(
      text,
      found.edits.filter((edit) => edit.file === null),
    );
  };

  it.each([
    ['role', 'modeler', 'learner'],
    ['artifact', 'X_train', 'train_table'],
    ['artifact', 'submission', 'result'],
    ['artifact', 'fitted', 'learned'],
    ['model', 'student', 'pupil'],
  ] as const)('a %s of the shipped workflow leaves it without a problem: %s to %s', (kind, from, to) => {
    const next = apply(template, kind, from, to);
    const before = checkWorkflow(template, join(folder, file), { files });
    const after = checkWorkflow(next, join(folder, file), { files });
    expect(after.problems.map(({ code }) => code)).toEqual(before.problems.map(({ code }) => code));
    expect(apply(next, kind, to, 'back_again')).toBe(apply(template, kind, from, 'back_again'));
  });

  it('finds names in folded, quoted and escaped scalars, and leaves words of prose alone', () => {
    const text = [
      'artifacts: {facts: {kind: table, checks: ["rows > 0", other.rows == facts.rows]}, other: {kind: table}}',
      'agents:',
      '  a:',
      '    role: Make facts.',
      '    prompt: "\\tfacts are {{facts.rows}}\\n{{other.rows}} facts"',
      '    instructions: >-',
      '      Keep facts',
      '      {{facts.columns}} and',
      '      {{ other.rows + facts.rows }}',
      '    produces: [facts]',
    ].join('\n');
    expect(apply(text, 'artifact', 'facts', 'found')).toBe(
      text
        .replace('{facts: {', '{found: {')
        .replace('facts.rows]', 'found.rows]')
        .replace('{{facts.rows}}', '{{found.rows}}')
        .replace('{{facts.columns}}', '{{found.columns}}')
        .replace('other.rows + facts.rows', 'other.rows + found.rows')
        .replace('[facts]', '[found]'),
    );
  });

  it('renames what tasks expect, written here and in task files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'baton-rename-'));
    const tasks =
      '- {prompt: a, expect: report.valid}\n- prompt: b\n  expect: "facts.rows == 3 and report.words > 2"\n';
    writeFileSync(join(folder, 'more.yaml'), tasks);
    const text = (from: string) =>
      [
        'artifacts: {facts: {kind: table}, report: {kind: text}}',
        `tasks: ${from}`,
        'agents: {a: {role: Write., produces: [report, facts]}}',
      ].join('\n');
    const inline = text('[{prompt: a, expect: "report.valid and facts.rows == 3"}]');
    expect(apply(inline, 'artifact', 'report', 'answer')).toContain(
      'expect: "answer.valid and facts.rows == 3"',
    );
    const found = renameEdits(
      source(text('{from: "*.yaml"}')),
      'artifact',
      'report',
      'answer',
      diskFiles(folder),
    );
    if ('refused' in found) throw new Error(found.refused);
    const there = found.edits.filter((edit) => edit.file === 'more.yaml');
    expect(applyEdits(tasks, there)).toBe(tasks.replaceAll('report', 'answer'));
  });

  it.each([
    [
      'tasks.jsonl',
      [
        '{"prompt": "é report.valid"}',
        '',
        '{"prompt": "b", "expect": "\\u0066acts.rows == 3 and report.words > 2"}',
        'no JSON, "expect": report.valid',
        '{"expect": "report.valid", "prompt": "c"}',
      ],
    ],
    [
      'tasks.csv',
      [
        'prompt,expect,more',
        '"é, ""report""",report.valid,report.x',
        '',
        'b,"""report"" == report.first and report.words > 2",c',
        'c,,',
      ],
    ],
  ])('renames what the tasks of %s expect, and nothing else there', (name, lines) => {
    const folder = mkdtempSync(join(tmpdir(), 'baton-rename-'));
    const tasks = `${lines.join('\n')}\n`;
    // As an editor has it, a mark at the beginning of the file is no part of its text.
    writeFileSync(join(folder, name), `\uFEFF${tasks}`);
    const text = [
      'artifacts: {facts: {kind: table}, report: {kind: text}}',
      `tasks: {from: ${name}}`,
      'agents: {a: {role: Write., produces: [report, facts]}}',
    ].join('\n');
    const found = renameEdits(source(text), 'artifact', 'report', 'answer', diskFiles(folder));
    if ('refused' in found) throw new Error(found.refused);
    const there = found.edits.filter((edit) => edit.file === name);
    const wanted = tasks
      .replace('and report.words', 'and answer.words')
      .replace('"expect": "report', '"expect": "answer')
      .replace(',report.valid,', ',answer.valid,')
      .replace('== report.first', '== answer.first');
    expect(applyEdits(tasks, there)).toBe(wanted);
  });

  it('says why a name cannot be had', () => {
    const refused = (kind: 'role' | 'artifact', from: string, to: string) =>
      (renameEdits(source(template), kind, from, to, files) as { refused: string }).refused;
    expect(refused('role', 'modeler', 'analyst')).toMatch(/already a role "analyst"/);
    expect(refused('role', 'modeler', 'two words')).toMatch(/cannot be a name/);
    expect(refused('role', 'nobody', 'somebody')).toMatch(/no role "nobody"/);
    expect(refused('artifact', 'X_train', 'columns')).toMatch(/already means something/);
  });

  it('mentions every declaration once, also in a half-written file', () => {
    const half = 'agents:\n  a: {role: R, produces: [x]}\n  b:\nartifacts:\n  x:\nflow: [a, ]\n';
    const found = mentions(source(half));
    expect(found.map(({ kind, name, is }) => `${is} ${kind} ${name}`)).toEqual([
      'declaration role a',
      'use artifact x',
      'declaration role b',
      'declaration artifact x',
      'use role a',
    ]);
  });
});

describe('a flow mapping', () => {
  const set = (text: string, value: unknown) => changeText(text, [{ do: 'set', path: ['a', 'c'], value }]);

  it.each([
    ['a # in a string', 'x: { y: 1 }\na: { b: "number it #1 #2" }\n', '" }', '", c: 3 }'],
    ['a # in a plain text', 'x: { y: 1 }\na: { b: C# code }\n', 'code }', 'code, c: 3 }'],
    ['a comment at its end', 'x: { y: 1 }\na: {\n  b: 2 # two\n  # more\n}\n', '2 #', '2, c: 3 #'],
    ['a comment inside', 'x: { y: 1 }\na: { b: 1, # one\n  d: 2 }\n', '2 }', '2, c: 3 }'],
    ['nothing but a comment', 'x: { y: 1 }\na: { # none\n  }\n', '{ #', '{c: 3 #'],
  ])('with %s gets a key, and nothing else changes', (_, text, was, is) => {
    expect(set(text, 3)).toBe(text.replace(was, is));
    const crlf = text.replaceAll('\n', '\r\n');
    expect(set(crlf, 3)).toBe(crlf.replace(was, is));
  });

  it('gets a text of several lines in quotes', () => {
    const text = 'x: { y: 1 }\na: { b: 2 }\n';
    expect(set(text, 'one\ntwo')).toBe(text.replace('2 }', '2, c: "one\\ntwo" }'));
  });

  it('with a # in a string is emptied where it stands', () => {
    const text = 'x: { y: 1 }\na: { b: "#1" }\n';
    expect(changeText(text, [{ do: 'remove', path: ['a', 'b'] }])).toBe('x: { y: 1 }\na: {}\n');
  });
});

it('a new text of several lines stands as a block', () => {
  expect(changeText('a:\n    b: 1\n', [{ do: 'set', path: ['a', 'c'], value: 'one\ntwo' }])).toBe(
    'a:\n    b: 1\n    c: |-\n      one\n      two\n',
  );
});

it('a text that is written anew keeps its indent and its line ends', () => {
  const text = 'x:\r\n    - &v {y: 1}\r\na:\r\n    - *v\r\n    - b:  {c: 1} # c\r\n';
  expect(changeText(text, [{ do: 'set', path: ['a', 1], value: { d: 2 } }])).toBe(
    'x:\r\n    - &v {y: 1}\r\na:\r\n    - *v\r\n    - d: 2\r\n',
  );
});
