import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { checkWorkflow, diskFiles, loadTasks } from '../../../src/workflow/index.js';

/** The tasks of a folder's files, and what is wrong with them. */
function tasksOf(tasks: string, files: Record<string, string | Buffer>, more = '') {
  const folder = mkdtempSync(join(tmpdir(), 'baton-tasks-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const text = `baton: 1
models: {m: {provider: embedded}}
tasks: ${tasks}
artifacts: {answer: {kind: message}}
agents: {a: {role: Answer., produces: [answer]}}
${more}`;
  const disk = diskFiles(folder);
  const { problems, workflow } = checkWorkflow(text, 'a.baton.yaml', { files: disk, tasks: true });
  return {
    problems: problems.map(({ code, message }) => `${code}: ${message}`),
    tasks: workflow ? loadTasks(workflow.tasks, disk).tasks : [],
  };
}

test('a CSV file may start with a mark of its encoding; ids and prompts are text, other cells numbers where they are', () => {
  const csv = '\uFEFFprompt,id,level,zip\n2024,007,3,01067\n"a, b",7,1e3,9\n';
  const { problems, tasks } = tasksOf('{from: t.csv}', { 't.csv': csv });
  expect(problems).toEqual([]);
  expect(tasks.map(({ id, prompt, fields }) => ({ id, prompt, ...fields }))).toMatchObject([
    { id: '007', prompt: '2024', level: 3, zip: '01067' },
    { id: '7', prompt: 'a, b', level: 1000, zip: 9 },
  ]);
});

test.each([
  ['12345678901234567890', '12345678901234567890'],
  ['123e45', '123e45'],
  ['0x10', '0x10'],
  ['1.50', 1.5],
  ['1.5e-05', 0.000015],
  ['-3', -3],
  ['-03', '-03'],
  ['Infinity', 'Infinity'],
  [' 7 ', 7],
])('a cell is a number only where nothing of it is lost: %s', (cell, value) => {
  const { tasks } = tasksOf('{from: t.csv}', { 't.csv': `prompt,x\ngo,"${cell}"\n` });
  expect(tasks[0]!.fields.x).toBe(value);
});

test('an empty cell of a column that need not be there says nothing', () => {
  const { problems, tasks } = tasksOf('{from: t.csv}', {
    't.csv': 'id,prompt,split,expect,files,note\na,go,,,,\n,go,test,1 == 1,,x\n',
  });
  expect(problems).toEqual([]);
  expect(tasks).toMatchObject([
    { id: 'a', expect: null, files: [], fields: { note: '' } },
    { split: 'test', expect: '1 == 1', fields: { note: 'x' } },
  ]);
});

test('what is wrong with a task is said before what its fields are missing for', () => {
  const found = tasksOf('{from: t.csv, prompt: "{{task.v}}"}', { 't.csv': 'v,files\n1,a.txt\n' });
  expect(found.problems).toEqual([expect.stringMatching(/^task.invalid: t.csv:2, task 1: files: /)]);
});

test('a pipe among the files of a task is refused, and not waited for', () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-pipe-'));
  for (const name of ['given', 'kept']) execFileSync('mkfifo', [join(folder, name)]);
  const text = `baton: 1
models: {m: {provider: embedded}}
tasks: [{prompt: go, files: [given], hidden: [kept]}]
agents: {a: {role: Answer., instructions: {file: given}}}
`;
  const check = (of: string) =>
    checkWorkflow(of, 'a.baton.yaml', { files: diskFiles(folder), tasks: true }).problems;
  const ofTasks = [
    'task 1: given is no file that can be read to its end.',
    'task 1: kept is no file that can be read to its end.',
  ];
  expect(check(text).map(({ message }) => message)).toEqual([
    ...ofTasks,
    'given is no file that can be read to its end.',
  ]);
  expect(check(text.replace(', instructions: {file: given}', '')).map(({ message }) => message)).toEqual(
    ofTasks,
  );
});

test.each([
  ['an open quote', 'prompt,id\n"a,1\n', /Quote Not Closed/],
  ['a row with a cell too many', 'prompt,id\na,1,2\n', /Invalid Record Length/],
])('a CSV file with %s is a problem that names it', (_what, csv, says) => {
  const { problems } = tasksOf('{from: t.csv}', { 't.csv': csv });
  expect(problems[0]).toMatch(/^task.invalid: t.csv: this is not CSV: /);
  expect(problems[0]).toMatch(says);
});

test('the prompt that tasks share is a template of their fields; a prompt of their own is data', () => {
  const csv = 'id,question,prompt,list\na,"1+1 {{task.id}}",,7\nb,x,"own {{task.question}}",8\n';
  const shared = '"{{task.id}}: {{task.question}} ({{task.split}}, {{task.list + 1}})"';
  const { problems, tasks } = tasksOf(`{from: t.csv, prompt: ${shared}}`, { 't.csv': csv });
  expect(problems).toEqual([]);
  expect(tasks.map(({ prompt }) => prompt)).toEqual([
    'a: 1+1 {{task.id}} (test, 8)',
    'own {{task.question}}',
  ]);
});

test('a task that lacks a field of the shared prompt is a problem; one with its own prompt needs none', () => {
  const lines = '{"id": "a", "q": 1}\n{"id": "b"}\n{"id": "c", "prompt": "go"}\n{"id": "d"}\n';
  expect(tasksOf('{from: t.jsonl, prompt: "Do {{task.q}}"}', { 't.jsonl': lines }).problems).toEqual([
    'task.invalid: "b" has no task.q, which the prompt under tasks asks for. So it is with 1 more.',
  ]);
  expect(tasksOf('{from: t.jsonl, prompt: "Do {{task.p}}"}', { 't.jsonl': lines }).problems).toEqual([
    expect.stringMatching(/^expression.unknown-name: Nothing here is called "task.p"/),
  ]);
  expect(tasksOf('{from: t.jsonl, prompt: "Do {{task.prompt}}"}', { 't.jsonl': lines }).problems).toEqual([
    expect.stringContaining('Nothing here is called "task.prompt".'),
  ]);
});

const usesFields = 'outcome: {success: task.answer == 2 and answer.words > task.level}\n';
test.each<[string, string, Record<string, string | Buffer>, RegExp]>([
  ['misspelt', '{from: tsk.csv}', { 't.csv': 'answer,level\n2,1\n' }, /There is no tsk\.csv in /],
  [
    'ragged',
    '{from: t.csv, stratum: kind}',
    { 't.csv': 'answer,level\n2,1,9\n' },
    /^.*t\.csv: this is not CSV/,
  ],
  ['no UTF-8', '{from: t.csv}', { 't.csv': Buffer.from('answer\n\xe9\n', 'latin1') }, /it is not UTF-8/],
  ['empty', '{from: t.csv, split: {by: kind}}', { 't.csv': 'answer,level\n' }, /^task.none: /],
  ['one of two', '{from: [t.csv, u.jsonl]}', { 't.csv': 'x\n1\n', 'u.jsonl': '{' }, /u\.jsonl:1: /],
])(
  'a file of tasks that cannot be used (%s) is what is said, and not what its fields are missing for',
  (_what, tasks, files, says) => {
    expect(tasksOf(tasks, files, usesFields).problems).toEqual([expect.stringMatching(says)]);
  },
);

test('a broken file of tasks is said beside what is wrong elsewhere', () => {
  const found = tasksOf('{from: none.csv}', {}, `${usesFields}defaults: {model: n}\n`).problems;
  expect(found.map((each) => each.split(':')[0])).toEqual(['task.invalid', 'name.unknown-model']);
});

test.each([
  ['t.csv', 'id,prompt\nok,go\n\nok2,"two\nlines"\n"no good",go\n', 6, 3],
  ['t.csv', 'prompt,id\r\n"two\r\nlines",ok\r\ngo,no good\r\n', 4, 2],
  ['t.jsonl', '{"id": "ok"}\n\n{"id": "no good"}\n', 3, 2],
  ['t.yaml', '# ids\n- id: ok\n  prompt: go\n- id: no good\n', 4, 2],
])('what an id may be is said in words, with the id and its line: %s', (name, text, line, task) => {
  expect(tasksOf(`{from: ${name}}`, { [name]: text }).problems).toEqual([
    `task.invalid: ${name}:${line}, task ${task}: id "no good": an id is up to 80 letters, digits, "_", "-" and "."`,
  ]);
  expect(tasksOf('[{id: no good}]', {}).problems).toEqual([
    'schema.invalid: "id": an id is up to 80 letters, digits, "_", "-" and ".".',
  ]);
});

test('of input files each has a name of its own, and none is a folder', () => {
  const files = { 'a/d.txt': '1', 'b/d.txt': '2' };
  expect(tasksOf('[{prompt: go, files: [a/d.txt, b/d.txt]}]', files).problems).toEqual([
    'task.invalid: task 1: two of its files are called d.txt; in /inputs there is room for one.',
  ]);
  expect(tasksOf('[{prompt: go, files: [a]}]', files).problems).toEqual([
    'task.invalid: task 1: a is a folder; name the files in it.',
  ]);
});

test('what is hidden is nowhere that agents can read', () => {
  const files = { 'answers.csv': 'a\n1\n', 'lib/answers.csv': 'a\n1\n', 'lib/tool.py': '' };
  expect(tasksOf('[{prompt: go, files: [answers.csv], hidden: [./answers.csv]}]', files).problems).toEqual([
    'task.invalid: task 1: answers.csv is hidden, and handed to the agents as well; leave it out of files.',
  ]);
  const mounted = (hidden: string, modules: string) =>
    tasksOf(`[{prompt: go, hidden: [${hidden}]}]`, files, `python: {modules: [${modules}]}\n`).problems;
  expect(mounted('lib/answers.csv', 'lib')[0]).toMatch(
    /^task.invalid: The hidden file answers.csv lies in .*lib,/,
  );
  expect(mounted('answers.csv', '.')[0]).toMatch(/^task.invalid: The hidden file answers.csv lies in /);
  expect(mounted('answers.csv', 'lib')).toEqual([]);
});
