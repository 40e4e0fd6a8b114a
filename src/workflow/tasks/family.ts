import * as l10n from '@vscode/l10n';
import { parse as parseCsv } from 'csv-parse/sync';
import * as z from 'zod';
import type { WorkflowFiles } from '../files.js';
import type { RawTables } from '../schema-tasks.js';
import { parseSource } from '../source/source.js';
import { csvOfPeople, stringify } from './csv.js';
import { between, randomFrom, shuffled } from './random.js';
import type { DraftTask } from './task.js';

const tableSchema = z.object({
  name: z.string(),
  file: z.string(),
  kind: z.enum(['classification', 'regression']),
  target: z.string(),
  numeric: z.array(z.string()).default([]),
  categorical: z.array(z.string()).default([]),
  split: z.enum(['train', 'select', 'test']).nullish(),
});
const listSchema = z.object({ tables: z.array(tableSchema).min(1) });
type Table = z.infer<typeof tableSchema>;
type Row = Record<string, string>;

/** The fields that every task of a family of tables has. */
export const tableFields = {
  table: 'text',
  kind: 'text',
  id_column: 'text',
  target: 'text',
  numeric: 'list',
  categorical: 'list',
  train_rows: 'number',
  test_rows: 'number',
  submission_columns: 'list',
  target_range: 'number',
} as const;

/**
 * Tasks sampled from real tables: for each table `per_table` samples of rows and columns with an id column
 * added. train.csv holds id, features and target; test.csv the same without the target; answers.csv (hidden)
 * id and target.
 */
export function tableTasks(
  family: RawTables,
  files: WorkflowFiles,
): { tasks: DraftTask[]; problem?: string } {
  const list = files.read(family.tables);
  if ('refused' in list) return { tasks: [], problem: list.message };
  const { source, problems } = parseSource(list.text, family.tables);
  const [wrong] = problems.filter(({ severity }) => severity === 'error');
  if (wrong)
    return { tasks: [], problem: `${family.tables}:${wrong.line}:${wrong.column}: ${wrong.message}` };
  const parsed = listSchema.safeParse(source?.value);
  if (!parsed.success)
    return {
      tasks: [],
      problem: l10n.t(
        '{0} does not list tables: {1}',
        family.tables,
        z.prettifyError(parsed.error).split('\n')[0]!,
      ),
    };
  const folder = family.tables.includes('/')
    ? family.tables.slice(0, family.tables.lastIndexOf('/') + 1)
    : '';
  const tasks: DraftTask[] = [];
  for (const table of parsed.data.tables) {
    const csv = files.read(folder + table.file);
    if ('refused' in csv) return { tasks: [], problem: csv.message };
    const read = rowsOf(table, csv.text);
    if ('problem' in read) return { tasks: [], problem: `${table.file}: ${read.problem}` };
    const { rows } = read;
    const known = rows.filter((row) => (row[table.target] ?? '') !== '');
    if (known.length < 12)
      return {
        tasks: [],
        problem: l10n.t(
          '{0} has {1} rows with a "{2}"; 12 are needed.',
          table.file,
          known.length,
          table.target,
        ),
      };
    for (let at = 0; at < family.per_table; at++) tasks.push(sampleTask(table, known, at, family));
  }
  return { tasks };
}

/** The rows of a table, each with all columns that are asked of it. */
function rowsOf(table: Table, text: string): { rows: Row[] } | { problem: string } {
  let rows: Row[];
  try {
    rows = parseCsv(text, csvOfPeople);
  } catch (error) {
    return { problem: l10n.t('this is not CSV: {0}', (error as Error).message) };
  }
  const columns = Object.keys(rows[0] ?? {});
  const lacks = [table.target, ...table.numeric, ...table.categorical].find(
    (each) => !columns.includes(each),
  );
  if (rows.length > 0 && lacks !== undefined)
    return { problem: l10n.t('there is no column "{0}"; it has {1}', lacks, columns.join(', ')) };
  return { rows };
}

function sampleTask(table: Table, rows: Row[], at: number, family: RawTables): DraftTask {
  const random = randomFrom(`${family.seed}/${table.name}/${at}`);
  const test = Math.min(between(...family.test_rows, random), Math.floor(rows.length / 3));
  const train = Math.min(between(...family.train_rows, random), rows.length - test);
  const features = shuffled([...table.numeric, ...table.categorical], random).slice(
    0,
    between(...family.columns, random),
  );
  const numeric = table.numeric.filter((column) => features.includes(column));
  const categorical = table.categorical.filter((column) => features.includes(column));
  const free = family.id_columns.filter((name) => !features.includes(name) && name !== table.target);
  const id = shuffled(free.length > 0 ? free : ['row_number'], random)[0]!;
  const sample = balanced(shuffled(rows, random), table, train, test);
  const ids = shuffled(
    sample.map((_, index) => String(1000 + index)),
    random,
  );
  const columns = [...numeric, ...categorical];
  const lines = sample.map((row, index) => [
    ids[index]!,
    ...columns.map((column) => row[column] ?? ''),
    row[table.target]!,
  ]);
  const targets = sample.map((row) => Number(row[table.target]));
  const fields = {
    table: table.name,
    kind: table.kind,
    id_column: id,
    target: table.target,
    numeric,
    categorical,
    train_rows: train,
    test_rows: test,
    submission_columns: [id, table.target],
    target_range: table.kind === 'regression' ? Math.max(...targets) - Math.min(...targets) : 0,
  };
  return {
    id: `${table.name}-${at}`,
    prompt: `Predict "${table.target}" (${table.kind}) for the rows of test.csv from train.csv. Id column: "${id}".`,
    fields,
    files: [
      { name: 'train.csv', text: stringify([[id, ...columns, table.target], ...lines.slice(0, train)]) },
      {
        name: 'test.csv',
        text: stringify([[id, ...columns], ...lines.slice(train).map((line) => line.slice(0, -1))]),
      },
    ],
    hidden: [
      {
        name: 'answers.csv',
        text: stringify([[id, table.target], ...lines.slice(train).map((line) => [line[0]!, line.at(-1)!])]),
      },
    ],
    split: table.split ?? null,
    expect: null,
  };
}

/** Rows for train and test; in a classification every class of the sample is seen at least twice in training. */
function balanced(rows: Row[], table: Table, train: number, test: number): Row[] {
  if (table.kind === 'regression') return rows.slice(0, train + test);
  const byClass = new Map<string, Row[]>();
  for (const row of rows) byClass.set(row[table.target]!, [...(byClass.get(row[table.target]!) ?? []), row]);
  const first = [...byClass.values()].flatMap((group) => group.slice(0, 2));
  const rest = rows.filter((row) => !first.includes(row));
  return [...first, ...rest].slice(0, train + test);
}
