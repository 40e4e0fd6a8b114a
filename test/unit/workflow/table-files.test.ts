// What is wrong with the files of a task family is a problem that says where, whatever it is.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { checkWorkflow, diskFiles, loadTasks } from '../../../src/workflow/index.js';

const text = `baton: 1
models: {m: {provider: recorded, file: r.jsonl}}
tasks: {family: {tables: list.yaml, per_table: 1}}
artifacts: {answer: {kind: message}}
agents: {a: {role: Answer., produces: [answer]}}
`;
const list =
  '{tables: [{name: t, file: t.csv, kind: regression, target: y, numeric: [x], categorical: [c]}]}';
const rows = (header: string) =>
  `${header}\n${Array.from({ length: 20 }, (_, at) => `${at},k${at % 2},${at * 2}`).join('\n')}\n`;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-tables-'));
  writeFileSync(join(folder, 'r.jsonl'), '{"reply": "x"}\n');
});

function problemsOf(tables: string, csv: string | Buffer): string[] {
  writeFileSync(join(folder, 'list.yaml'), tables);
  writeFileSync(join(folder, 't.csv'), csv);
  const files = diskFiles(folder);
  const { workflow, problems } = checkWorkflow(text, join(folder, 'a.baton.yaml'), { files, tasks: true });
  const found = problems.map(({ message }) => message);
  return workflow ? [...found, ...loadTasks(workflow.tasks, files).problems] : found;
}

test('good files are no problem, with a mark at their beginning too', () => {
  expect(problemsOf(list, `\uFEFF${rows('x,c,y')}`)).toEqual([]);
});

test.each([
  ['a list that is no YAML', 'tables: [{name: t', rows('x,c,y'), /^list\.yaml:\d+:\d+: /],
  ['a row that is too short', list, `${rows('x,c,y')}1,k\n`, /t\.csv: this is not CSV: .*line 22/],
  ['a column that is not there', list, rows('x,d,y'), /t\.csv: there is no column "c"; it has x, d, y/],
  [
    'a table that is not UTF-8',
    list,
    Buffer.from(rows('x,c,y').replaceAll('k', 'ä'), 'latin1'),
    /t\.csv cannot be read: it is not UTF-8; save it as that/,
  ],
])('%s is a problem', (_, tables, csv, says) => {
  expect(problemsOf(tables, csv).join('\n')).toMatch(says);
});
