// Quick fixes: what one makes of a workflow has the problem no more, no new one, and every comment that it had.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { analyse, fixesFor } from '../../../src/editor/language/index.js';
import { diskFiles, type ProblemCode } from '../../../src/workflow/index.js';

const folder = mkdtempSync(join(tmpdir(), 'baton-fixes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const block = `# a team
baton: 1 # the version
models:
  local: {provider: openai, base_url: "http://127.0.0.1:1/v1", model: m} # ours
tasks:
  - {prompt: Go., hidden: [answers.csv]} # one
artifacts:
  facts: # what was read
    path: facts.json
    kind: json
    checks:
      - {check: bytes > 3, code: rows.mismatch} # enough
  report: {path: report.csv, kind: table}
agents:
  # in order
  reader: {role: Read., produces: [facts]} # first
  writer:
    role: Write. # last
    consumes: [facts]
    produces: [report]
outcome:
  metrics:
    accuracy: # the share of right rows
      better: higher
      fallback: 0
      # beside the report
coach:
  model: local # the same
flow: # by hand
  - reader # begins
  - writer
`;
writeFileSync(join(folder, 'answers.csv'), 'id,y\n1,a\n');

const of = (text: string) => analyse(text, join(folder, 'x.baton.yaml'), diskFiles(folder));
const codes = (text: string) => of(text).problems.map(({ code }) => code);

/** The text after each fix of the first problem of this code. */
function mended(text: string, code: ProblemCode): string[] {
  const analysis = of(text);
  const problem = analysis.problems.find((each) => each.code === code);
  if (!problem) throw new Error(`no ${code}, but ${codes(text).join()}`);
  return fixesFor(problem, analysis).map(
    ({ start, end, text: put }) => text.slice(0, start) + put + text.slice(end),
  );
}

function changed(right: string, wrong: string): string {
  if (!block.includes(right)) throw new Error(`no ${right}`);
  return block.replace(right, wrong);
}

test('nothing is wrong with what these tests begin from', () => expect(codes(block)).toEqual([]));

test.each([
  ['a failure code that is near one', 'rows.mismatch', 'rows.mismach', 'failure.unknown', null],
  ['a failure code that is near none', 'rows.mismatch', 'enough', 'failure.unknown', 'x.enough'],
  ['a failure code in quotes', 'rows.mismatch', '"rows.mismach"', 'failure.unknown', '"rows.mismatch"'],
  ['a kind that is near one', 'kind: json', 'kind: jsn', 'schema.invalid', null],
  ['a kind in quotes', 'kind: json', "kind: 'jsn'", 'schema.invalid', "kind: 'json'"],
  [
    'a word where a list may stand too',
    block.slice(block.indexOf('flow:')),
    'flow: autom # derived\n',
    'schema.invalid',
    'flow: auto',
  ],
  ['a provider that is near one', 'provider: openai', 'provider: opnai', 'schema.invalid', null],
  ['a direction that is near one', 'better: higher', 'better: highr', 'schema.invalid', null],
  [
    'a metric without a fallback',
    '      fallback: 0\n',
    '',
    'metric.no-fallback',
    // Behind the last line that says something.
    '      fallback: 0.5\n',
  ],
  [
    'a metric and no table',
    'path: report.csv, kind: table',
    'path: report.csv, kind: text',
    'metric.no-table',
    '      artifact: report\n',
  ],
  [
    'a role without its responsibility, in block style',
    '    role: Write. # last\n',
    '',
    'schema.missing-key',
    null,
  ],
  [
    'a role without its responsibility, in flow style',
    '{role: Read., produces: [facts]}',
    '{produces: [facts]}',
    'schema.missing-key',
    '{produces: [facts], role: Say what this role answers for.}',
  ],
  ['a metric without a direction', '      better: higher\n', '', 'schema.missing-key', null],
  [
    'a coach without a model',
    '  model: local # the same',
    '  samples: 2 # the same',
    'schema.missing-key',
    null,
  ],
  ['no version', 'baton: 1 # the version\n', '', 'schema.missing-key', 'baton: 1\n'],
  ['a role that never acts', '  - writer\n', '', 'flow.agent-missing', '  - writer\n'],
] as [string, string, string, ProblemCode, string | null][])(
  'mends %s',
  (_what, right, wrong, code, becomes) => {
    const text = changed(right, wrong);
    const [after] = mended(text, code);
    expect(after).toBeDefined();
    expect(codes(after!)).toEqual([]);
    expect(after!.match(/#.*/g)).toEqual(text.match(/#.*/g));
    if (becomes !== null) expect(after).toContain(becomes);
  },
);

test('of several models any may be chosen, for the role or for all that name none', () => {
  const second = '  other: {provider: openai, base_url: "http://127.0.0.1:2/v1", model: n} # theirs\n';
  const text = block.replace('tasks:\n', `${second}tasks:\n`);
  expect(codes(text)).toEqual(['model.ambiguous', 'model.ambiguous']);
  const fixes = mended(text, 'model.ambiguous');
  expect(fixes.map(codes)).toEqual([['model.ambiguous'], [], ['model.ambiguous'], []]);
  expect(fixes[0]).toContain('reader: {role: Read., produces: [facts], model: local} # first');
  expect(fixes[3]).toContain('defaults: {model: other}');
  for (const after of fixes) expect(after.match(/#.*/g)).toEqual(text.match(/#.*/g));
});

test('an artifact that nobody makes is removed, with the comment on its own line, unless something names it', () => {
  const text = changed('agents:\n', '  spare: {path: spare.txt, kind: text} # not yet\nagents:\n');
  expect(codes(text)).toEqual(['artifact.unused']);
  expect(mended(text, 'artifact.unused')).toEqual([block]);
  const named = text.replace('- {check: bytes > 3,', '- {check: bytes > spare.bytes,');
  expect(codes(named)).toEqual(['artifact.unused']);
  expect(mended(named, 'artifact.unused')).toEqual([]);
  // Also where a task in a file expects something of it.
  writeFileSync(join(folder, 'tasks.yaml'), '- {prompt: Go., hidden: [answers.csv], expect: spare.valid}\n');
  const elsewhere = text.replace(/tasks:\n.*/, 'tasks: {from: tasks.yaml}');
  expect(codes(elsewhere)).toEqual(['artifact.unused']);
  expect(mended(elsewhere, 'artifact.unused')).toEqual([]);
});

test('what only a person can know is not filled in', () => {
  const repeat = '  - repeat: {do: [writer], max: 2}\n';
  expect(mended(changed('  - writer\n', repeat), 'schema.missing-key')).toEqual([]);
  expect(mended(changed('kind: json', 'kind: dataframe'), 'schema.invalid')).toEqual([]);
});

test.each([
  ['indented', (text: string) => text.replace(/^(?=.)/gm, '  ')],
  ['behind a mark', (text: string) => `---\n${text}`],
  ['in one line', () => '{models: {}, tasks: [{prompt: Go.}], agents: {}}\n'],
])('the version is put in where the file is %s', (_how, laid) => {
  const text = laid(changed('baton: 1 # the version\n', ''));
  const [after] = mended(text, 'schema.missing-key');
  expect(codes(after!).filter((code) => /^(yaml|schema)\./.test(code))).toEqual([]);
  expect(after!.match(/#.*/g)).toEqual(text.match(/#.*/g));
});

test.each(['models', 'tasks', 'agents'])('%s that are missing are begun', (section) => {
  const pattern = new RegExp(`^${section}:\\n(?: .*\\n)+`, 'm');
  const text = block.replace(pattern, '');
  const [after] = mended(text, 'schema.missing-key');
  expect(codes(after!)).not.toContain('schema.missing-key');
  expect(codes(after!).filter((code) => /^(yaml|schema)\./.test(code))).toEqual([]);
  expect(after!.match(/#.*/g)).toEqual(text.match(/#.*/g));
});

test.each([
  ['four spaces and an empty line', 'artifacts:\n\n    one: {path: one.json, kind: json}\n', '\n'],
  ['four spaces and a comment', 'artifacts:\n# c\n    one: {path: one.json, kind: json}\n', '\n'],
  ['an end that is marked', '', '# end\n...\n'],
  ['braces around all of it', '{}', ''],
])('an artifact that is named is declared in a file with %s', (_how, artifacts, end) => {
  const models = 'models: {local: {provider: openai, base_url: "http://127.0.0.1:1/v1", model: m}}';
  const names = artifacts.includes('one') ? '[one, two]' : '[two]';
  const agents = `agents: {reader: {role: Read., produces: ${names}}}`;
  const parts = ['baton: 1', models, 'tasks: [{prompt: Go.}]', agents];
  const text = artifacts === '{}' ? `{${parts.join(', ')}}\n` : `${parts.join('\n')}\n${artifacts}${end}`;
  expect(codes(text)).toEqual(['name.unknown-artifact']);
  const after = mended(text, 'name.unknown-artifact').at(-1)!;
  expect(codes(after)).toEqual([]);
  expect(after).toMatch(/two:[{\s]+path: two.json,?\s+kind: json/);
  expect(after.match(/#.*/g)).toEqual(text.match(/#.*/g));
});
