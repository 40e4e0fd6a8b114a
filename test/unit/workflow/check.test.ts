import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkWorkflow, diskFiles, type Problem, problemCodes } from '../../../src/workflow/index.js';
import { agents, artifacts, cases, head } from './broken.js';

const files = diskFiles(import.meta.dirname);
const problemsOf = (text: string): Problem[] =>
  checkWorkflow(text, 'a.baton.yaml', { files, embeddedRoles: ['data_engineer'] }).problems;

const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
  .split('')
  .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[at]}`).join(',')}]`)
  .join('\n')}\n`;
const hostile: [string, string, string][] = [
  ['alias bomb', bomb, 'yaml.alias'],
  ['50 MB', `a: "${'x'.repeat(50_000_000)}"`, 'yaml.too-large'],
  ['10,000 deep, flow', '['.repeat(10_000), 'yaml.too-deep'],
  [
    '10,000 deep, blocks',
    Array.from({ length: 900 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'),
    'yaml.too-deep',
  ],
  ['10,000 deep, dashes', '- '.repeat(10_000), 'yaml.too-deep'],
];

test('the smallest useful file has no problem', () => {
  expect(problemsOf(head + artifacts + agents)).toEqual([]);
});

test('what a task in a file expects is checked too, and the file is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-expect-'));
  writeFileSync(
    join(folder, 'regressions.yaml'),
    '- {prompt: a, expect: report.lines > 2}\n- {prompt: b, expect: reports.valid}\n',
  );
  const text = `${head.replace(/tasks:\n.*\n/, 'tasks: {from: regressions.yaml}\n')}${artifacts}${agents}`;
  const { problems } = checkWorkflow(text, 'a.baton.yaml', { files: diskFiles(folder) });
  expect(problems.map(({ code, line, message }) => ({ code, line, message }))).toEqual([
    {
      code: 'expression.unknown-name',
      line: 4,
      message: expect.stringMatching(
        /^Nothing here is called "reports"\. Did you mean "report"\? It is what regressions.yaml:2, task 2 expects: reports.valid$/,
      ),
    },
  ]);
});

describe('each mistake has its own code and place', () => {
  test.each(cases)('%s', (_name, text, code, place, part) => {
    const found = problemsOf(text).find((problem) => problem.code === code);
    expect(found, JSON.stringify(problemsOf(text), null, 1)).toBeDefined();
    expect(found!.message).toContain(part);
    const line = text.split('\n')[found!.line - 1]!;
    expect(`${found!.line}:${line.slice(found!.column - 1, found!.endColumn - 1)}`).toBe(place);
    expect(found!.endLine).toBe(found!.line);
  });
});

test('tasks are read where that is asked for: two of one name, and none at all', () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-none-'));
  writeFileSync(join(folder, 'none.jsonl'), '\n');
  writeFileSync(join(folder, 'two.jsonl'), '{"prompt": "a", "id": "one"}\n{"prompt": "b", "id": "one"}\n');
  const found = (file: string) => {
    const text = `${head.replace(/tasks:\n.*\n/, `tasks: {from: ${file}}\n`)}${artifacts}${agents}`;
    return checkWorkflow(text, 'a.baton.yaml', { files: diskFiles(folder), tasks: true }).problems;
  };
  expect(found('none.jsonl')).toMatchObject([{ code: 'task.none', line: 4 }]);
  expect(found('two.jsonl')).toMatchObject([
    { code: 'task.invalid', line: 4, message: expect.stringContaining('Two tasks are called "one"') },
  ]);
});

test('what a split names and no task has is said at its place, with what was meant', () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-split-'));
  writeFileSync(
    join(folder, 't.jsonl'),
    '{"prompt": "a", "table": "penguins"}\n{"prompt": "b", "table": 7}\n',
  );
  const found = (split: string) =>
    checkWorkflow(
      `${head.replace(/tasks:\n.*\n/, `tasks: {from: t.jsonl, split: ${split}}\n`)}${artifacts}${agents}`,
      'a.baton.yaml',
      { files: diskFiles(folder), tasks: true },
    ).problems.map(({ code, line, column, message, instead }) => ({
      ...{ code, message, instead, at: `${line}:${column}` },
    }));
  expect(found('{by: table, train: [7], select: [], test: [pengins]}')).toEqual([
    {
      code: 'split.unknown',
      at: '4:74',
      message: 'No table of a task is "pengins". Did you mean "penguins"?',
      instead: { written: 'pengins', meant: 'penguins' },
    },
  ]);
  expect(found('{by: table, test: [penguins]}')).toEqual([]);
  expect(found('{test: [other]}')).toMatchObject([
    { code: 'split.unknown', message: expect.stringMatching(/^No task is called "other"\./) },
  ]);
});

test('hidden answers that a metric cannot be computed from are found at the metric, or where the file is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-answers-'));
  writeFileSync(join(folder, 'good.csv'), 'id,y\n1,2\n');
  writeFileSync(join(folder, 'bad.csv'), 'id,y\n1,two\n');
  const lines = Array.from({ length: 5 }, (_, at) =>
    JSON.stringify({ prompt: 'a', id: `t${at}`, hidden: [at === 0 ? 'good.csv' : 'bad.csv'] }),
  );
  writeFileSync(join(folder, 'tasks.jsonl'), lines.join('\n'));
  const found = (answers: string) => {
    const text = `${head.replace(/tasks:\n.*\n/, 'tasks: {from: tasks.jsonl}\n')}artifacts: {report: {path: r.csv, kind: table}}
agents: {writer: {role: Write., produces: [report]}}
outcome:
  metrics:
    accuracy: {better: higher, fallback: 0}
    rmse:
      fallback: 1
      better: lower${answers}
`;
    const { problems } = checkWorkflow(text, 'a.baton.yaml', { files: diskFiles(folder), tasks: true });
    return problems.map(({ code, line, column, message }) => ({
      code,
      place: [line, column],
      message,
      text,
    }));
  };
  const [first, second, third, ...more] = found('');
  expect(more).toEqual([]);
  expect([first, second]).toMatchObject([{ code: 'task.answers' }, { code: 'task.answers' }]);
  expect(first!.text.split('\n')[first!.place[0]! - 1]).toBe('    rmse:');
  expect(first!.message).toBe(
    'the hidden answers of t1 cannot be used for rmse: "two" is not a number. Answers are CSV with a header: the id first, the truth last, each id once.',
  );
  expect(third!.message).toMatch(/of t3 cannot .* once\. So it is with 1 more\.$/);
  const named = found('\n      answers: truth.csv');
  expect(named[0]!.text.split('\n')[named[0]!.place[0]! - 1]).toBe('      answers: truth.csv');
  expect(named[0]!.message).toContain('t0 has no hidden file truth.csv; it has good.csv');
});

test('no code is without a case', () => {
  const seen = [
    ...cases.map(([, , code]) => code),
    ...hostile.map(([, , code]) => code),
    'path.unsafe',
    'task.none',
    'task.invalid',
    'task.answers',
    'split.unknown',
  ];
  expect(new Set(seen)).toEqual(new Set(Object.keys(problemCodes)));
});

describe('hostile case 10: paths of artifacts that no workspace may have', () => {
  const paths = [
    '../../a',
    '/etc/passwd',
    'C:/a',
    '-rf',
    'a\\0b',
    'a\\nb',
    'CON',
    'aux.txt',
    'x'.repeat(300),
  ];
  test.each([...paths, 'a/../../b', '.git/config', 'a//b', 'a.'])('%s', (path) => {
    const found = problemsOf(head + artifacts.replace('report.md', `"${path}"`) + agents);
    expect(found.map(({ code, line }) => ({ code, line }))).toContainEqual({ code: 'path.unsafe', line: 8 });
  });
});

test('no prototype is changed by a hostile key', () => {
  problemsOf(`${head}${artifacts}${agents}__proto__: {polluted: true}\n`);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

describe('hostile case 1: refused in under a second, with a line', () => {
  test.each(hostile)('%s', (_name, text, code) => {
    const start = performance.now();
    const problems = problemsOf(text);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(problems[0]?.code).toBe(code);
    expect(problems[0]?.line).toBeGreaterThan(0);
  });
});
