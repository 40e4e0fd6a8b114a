import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  analyse,
  complete,
  fixesFor,
  formatWorkflow,
  hoverAt,
  outline,
} from '../../../src/editor/language/index.js';
import { diskFiles, fileLinks } from '../../../src/workflow/index.js';

const folder = join(import.meta.dirname, '../../../media/templates/table-team');
const template = readFileSync(join(folder, 'table-team.baton.yaml'), 'utf8');
const small = `baton: 1
models:
  local: {provider: openai, base_url: "http://127.0.0.1:11434/v1", model: m}
tasks:
  - {prompt: Go.}
artifacts:
  facts: {path: facts.json, kind: json}
  report: {path: report.md, kind: text}
agents:
  reader: {role: Read., produces: [facts]}
  writer: {role: Write., consumes: [facts], produces: [report]}
`;
const of = (text: string) => analyse(text, join(folder, 'x.baton.yaml'), diskFiles(folder));
const suggested = (
  text: string,
  served = [{ kind: 'Ollama', baseUrl: 'http://127.0.0.1:11434/v1', models: ['qwen3:4b'] }],
) => {
  const offset = text.indexOf('|');
  const bare = text.replace('|', '');
  const known = analyse(bare, 'x', diskFiles(folder), {}, of(small));
  return complete(known, offset, bare, served).suggestions.map(({ label }) => label);
};

test.each([
  [
    'keys of the file that are not there yet',
    small.replace('baton: 1\n', 'baton: 1\n|\n'),
    ['name', 'outcome', 'limits'],
    ['models', 'agents'],
  ],
  ['keys of a role', `${small}  third:\n    |`, ['role', 'produces', 'consumes'], ['path']],
  ['artifacts to consume', small.replace('consumes: [facts]', 'consumes: [|]'), ['facts'], ['reader']],
  ['models', small.replace('role: Read.', 'role: Read., model: |'), ['local'], ['facts']],
  ['kinds', small.replace('kind: text', 'kind: |'), ['table', 'text', 'message'], ['facts']],
  [
    'facts of a contract',
    small.replace('kind: text}', 'kind: text, checks: [wo|]}'),
    ['words', 'lines', 'facts', 'count', 'task'],
    ['rows'],
  ],
  [
    'facts of another artifact',
    small.replace('kind: text}', 'kind: text, checks: [facts.|]}'),
    ['exists', 'valid'],
    ['words'],
  ],
  [
    'failure codes',
    small.replace('kind: text}', 'kind: text, checks: [{check: words > 1, code: |}]}'),
    ['contract.broken'],
    ['facts'],
  ],
  ['metrics', `${small}outcome:\n  metrics:\n    |`, ['accuracy', 'rmse'], ['facts']],
  ['models that answer here', small.replace('model: m}', 'model: |}'), ['qwen3:4b'], ['facts']],
  [
    'template variables',
    small.replace('role: Read.', 'role: Read., prompt: "do {{ta|"'),
    ['task', 'context'],
    ['reader'],
  ],
  [
    'artifacts behind a dash',
    small.replace(
      'writer: {role: Write., consumes: [facts], produces: [report]}',
      'writer:\n    consumes:\n      - fa|',
    ),
    ['facts'],
    ['reader'],
  ],
  ['roles and groups behind a dash', `${small}flow:\n  - wri|`, ['writer', 'parallel'], ['facts']],
  [
    'facts and keys behind a dash',
    small.replace(
      'report: {path: report.md, kind: text}',
      'report:\n    kind: text\n    checks:\n      - wo|',
    ),
    ['words', 'check'],
    ['rows'],
  ],
  [
    'facts in the middle of a check behind a dash',
    small.replace(
      'report: {path: report.md, kind: text}',
      'report:\n    kind: text\n    checks:\n      - words > 2 and li|',
    ),
    ['lines'],
    ['check'],
  ],
  [
    'what a task may expect',
    small.replace('{prompt: Go.}', '{prompt: Go., expect: re|}'),
    ['report'],
    ['reader'],
  ],
  ['nothing in comments', small.replace('tasks:', '# comm|\ntasks:'), [], ['tasks', 'name']],
])('suggests %s', (_, text, wanted, unwanted) => {
  const labels = suggested(text);
  expect(labels).toEqual(expect.arrayContaining(wanted));
  for (const each of unwanted) expect(labels).not.toContain(each);
});

test.each([
  ['[{prompt: "Go {{ta|"}]', [], ['task']],
  ['{from: t.csv, prompt: "Go {{|"}', ['task', 'count'], ['context', 'facts']],
  ['{from: t.csv, prompt: "Go {{task.|"}', ['id', 'split'], ['prompt']],
  ['{from: t.csv, prompt: "Go {{facts.|"}', [], ['exists']],
])('a hole in the prompt of tasks knows what is filled in there: %s', (tasks, wanted, unwanted) => {
  const labels = suggested(small.replace(/tasks:\n.*\n/, `tasks: ${tasks}\n`));
  expect(labels).toEqual(expect.arrayContaining(wanted));
  for (const each of unwanted) expect(labels).not.toContain(each);
});

test.each([
  ['model: |', 'model: "qwen3:4b"'],
  ['model: "|"', 'model: "qwen3:4b"'],
  ['base_url: "http|"', 'base_url: "http://127.0.0.1:11434/v1"'],
])('a name of a server is put into the quotes that are there, else into its own: %s', (typed, becomes) => {
  const text = `baton: 1\nmodels:\n  local:\n    provider: openai\n    ${typed}\n`;
  const offset = text.indexOf('|');
  const bare = text.replace('|', '');
  const served = [{ kind: 'Ollama', baseUrl: 'http://127.0.0.1:11434/v1', models: ['qwen3:4b'] }];
  const { start, end, suggestions } = complete(
    analyse(bare, 'x', diskFiles(folder), {}, of(small)),
    offset,
    bare,
    served,
  );
  const [first] = suggestions;
  const next = bare.slice(0, start) + (first!.insert ?? first!.label) + bare.slice(end);
  expect(next).toContain(`    ${becomes}\n`);
});

test('the fields of real tasks are suggested inside a prompt', () => {
  const text = template.replace('{{task.id_column}}', '{{task.}}');
  const offset = text.indexOf('{{task.') + 7;
  const analysis = analyse(text, join(folder, 'x.baton.yaml'), diskFiles(folder), {}, of(template));
  expect(analysis.workflow).toBeUndefined();
  const labels = complete(analysis, offset, text).suggestions.map(({ label }) => label);
  expect(labels).toEqual(expect.arrayContaining(['id_column', 'target', 'numeric', 'train_rows']));
});

test.each([
  ['consumes: [facts]', 'consumes: [factz]', 'name.unknown-artifact', 'consumes: [facts]'],
  ['produces: [report]', 'producess: [report]', 'schema.unknown-key', 'produces: [report]'],
  ['role: Read.', 'role: Read., max_turns: "3"', 'schema.invalid', 'role: Read., max_turns: 3'],
  ['role: Read.', 'role: Read., model: locl', 'name.unknown-model', 'role: Read., model: local'],
  [
    'kind: text',
    'kind: text, checks: [wrds < 3]',
    'expression.unknown-name',
    'kind: text, checks: [words < 3]',
  ],
  [
    'kind: text',
    'kind: text, checks: [factz.valid]',
    'expression.unknown-name',
    'kind: text, checks: [facts.valid]',
  ],
  [
    'kind: text',
    'kind: text, checks: [facts.vald]',
    'expression.unknown-name',
    'kind: text, checks: [facts.valid]',
  ],
  [
    'kind: text',
    'kind: text, checks: [cout(facts.items) > 0]',
    'expression.unknown-name',
    'kind: text, checks: [count(facts.items) > 0]',
  ],
])('mends %s', (right, wrong, code, mended) => {
  const analysis = of(small.replace(right, wrong));
  const problem = analysis.problems.find((each) => each.code === code)!;
  const [fix] = fixesFor(problem, analysis);
  expect(fix).toBeDefined();
  const after = analysis.text.slice(0, fix!.start) + fix!.text + analysis.text.slice(fix!.end);
  expect(after).toBe(small.replace(right, mended));
});

test('an artifact that is used and not declared can be declared', () => {
  const analysis = of(small.replace('consumes: [facts]', 'consumes: [facts, figures_and_tables]'));
  const problem = analysis.problems.find((each) => each.code === 'name.unknown-artifact')!;
  const fix = fixesFor(problem, analysis).at(-1)!;
  const after = analysis.text.slice(0, fix.start) + fix.text + analysis.text.slice(fix.end);
  expect(after).toContain('\n  figures_and_tables: {path: figures_and_tables.json, kind: json}\nagents:');
  expect(of(after).problems.map(({ code }) => code)).not.toContain('name.unknown-artifact');
});

test('hovers say who hands what to whom', () => {
  const words = (needle: string, inside: string) => {
    const offset = small.indexOf(inside) + inside.indexOf(needle) + 1;
    return JSON.stringify(hoverAt(of(small), offset, [])?.parts);
  };
  expect(words('reader', 'reader: {role')).toContain('hands facts to writer');
  expect(words('facts', 'consumes: [facts')).toContain('made by reader');
  const told = small.replace('kind: json}', 'kind: json, description: Every figure}');
  expect(JSON.stringify(hoverAt(of(told), told.indexOf(' facts:') + 2, [])?.parts)).toContain('Every figure');
  expect(words('local', 'local: {provider')).toContain('No model server answers');
  expect(words('provider', 'provider: openai')).toContain('OpenAI-compatible');
});

test('the outline has sections, roles and artifacts', () => {
  const items = outline(of(template));
  expect(items.find(({ name }) => name === 'agents')?.children.map(({ name }) => name)).toEqual([
    'data_engineer',
    'modeler',
    'analyst',
  ]);
  expect(items.find(({ name }) => name === 'outcome')?.children.at(-1)?.children).toHaveLength(2);
});

test('names stay known while a key stroke breaks the file', () => {
  const broken = analyse(small.replace('kind: json}', 'kind: json'), 'x', diskFiles(folder), {}, of(small));
  expect(broken.source).toBeUndefined();
  expect([...broken.team.roles.keys()]).toEqual(['reader', 'writer']);
});

test('formatting keeps comments and changes nothing twice', async () => {
  const messy = `baton:   1 # the version\nmodels:\n    a:   {provider: embedded}   # tiny\n\n# who\nagents: {}\n`;
  const once = await formatWorkflow(messy);
  expect(once).toContain('baton: 1 # the version');
  expect(once).toContain('  a: {provider: embedded} # tiny');
  expect(once).toContain('\n# who\n');
  expect(await formatWorkflow(once)).toBe(once);
});

test('links are where files are named, and nowhere in comments or texts', () => {
  const text = small
    .replace('agents:', '# file: old.md\nagents:')
    .replace(
      'role: ',
      'prompt: {file: my prompts/b#1.md}, instructions: {file:\n    "c.md"}, role: "no file: d.md", description: ',
    );
  const links = fileLinks(of(text).source!);
  expect(links.map(({ path }) => path)).toEqual(['my prompts/b#1.md', 'c.md']);
  for (const { path, start, end } of links) expect(text.slice(start, end)).toBe(path);
});
