import { statSync } from 'node:fs';
import * as l10n from '@vscode/l10n';
import { type CastingContext, parse as parseCsv } from 'csv-parse/sync';
import type { z } from 'zod';
import type { Value } from '../expression/index.js';
import type { WorkflowFiles } from '../files.js';
import { type RawTask, type RawTaskSource, taskSchema } from '../schema-tasks.js';
import { parseSource } from '../source/source.js';
import type { DraftTask } from './task.js';

export interface ReadTasks {
  tasks: DraftTask[];
  /** What tasks expect, and which task of which file each is. */
  expected: { text: string; where: string }[];
  problems: string[];
}

/** Tasks from the YAML, JSONL and CSV files that a workflow names. */
export function readTaskFiles(source: RawTaskSource, files: WorkflowFiles): ReadTasks {
  const patterns = source.from === undefined ? [] : [source.from].flat();
  const out: ReadTasks = { tasks: [], expected: [], problems: [] };
  for (const pattern of patterns) {
    const paths = files.list(pattern);
    if (paths.length === 0) out.problems.push(l10n.t('No file matches {0} in {1}.', pattern, files.folder));
    for (const path of paths) {
      const read = files.read(path);
      if ('refused' in read) {
        out.problems.push(read.message);
        continue;
      }
      for (const [at, row] of rowsOf(path, read.text, out.problems).entries())
        addTask(
          row,
          `${stem(path)}${at === 0 ? '' : `-${at}`}`,
          l10n.t('{0}, task {1}', path, at + 1),
          source,
          files,
          out,
        );
    }
  }
  return out;
}

/** Tasks written in the workflow itself. */
export function inlineTasks(tasks: RawTask[], files: WorkflowFiles): ReadTasks {
  const out: ReadTasks = { tasks: [], expected: [], problems: [] };
  for (const [at, task] of tasks.entries())
    addTask(task, `task-${at + 1}`, l10n.t('task {0}', at + 1), { files: [], hidden: [] }, files, out);
  return out;
}

function addTask(
  row: unknown,
  id: string,
  where: string,
  source: RawTaskSource,
  files: WorkflowFiles,
  out: ReadTasks,
): void {
  const parsed = taskSchema.safeParse(row);
  if (!parsed.success) {
    out.problems.push(`${where}: ${firstIssue(parsed.error)}`);
    return;
  }
  const { id: own, prompt, files: ownFiles, hidden, split, expect, ...fields } = parsed.data;
  if (expect !== undefined) out.expected.push({ text: expect, where });
  const problem = (message: string) => out.problems.push(`${where}: ${message}`);
  const find = (path: string): { name: string; path: string }[] => {
    const found = files.resolve(path);
    if ('refused' in found) problem(found.message);
    else if (statSync(found.path, { throwIfNoEntry: false })?.isDirectory())
      problem(l10n.t('{0} is a folder; name the files in it.', path));
    else return [{ name: path.split('/').at(-1)!, path: found.path }];
    return [];
  };
  const given = [...source.files, ...ownFiles].flatMap(find);
  const kept = [...source.hidden, ...hidden].flatMap(find);
  for (const [at, { name, path }] of given.entries()) {
    if (given.findIndex((other) => other.name === name) !== at)
      problem(l10n.t('two of its files are called {0}; in /inputs there is room for one.', name));
    if (kept.some((other) => other.path === path))
      problem(l10n.t('{0} is hidden, and handed to the agents as well; leave it out of files.', name));
  }
  out.tasks.push({
    id: own === undefined ? id : String(own),
    prompt: prompt || (source.prompt ?? ''),
    fields: fields as Record<string, Value>,
    files: given,
    hidden: kept,
    split: split ?? null,
    expect: expect ?? null,
  });
}

function rowsOf(path: string, text: string, problems: string[]): unknown[] {
  if (path.endsWith('.csv')) {
    try {
      return parseCsv<object>(text, { bom: true, columns: true, cast: castCell, skip_empty_lines: true });
    } catch (error) {
      problems.push(`${path}: ${l10n.t('this is not CSV: {0}', (error as Error).message)}`);
      return [];
    }
  }
  if (path.endsWith('.jsonl'))
    return text
      .replace(/^\uFEFF/, '')
      .split('\n')
      .flatMap((line, at) => {
        if (line.trim() === '') return [];
        try {
          return [JSON.parse(line) as unknown];
        } catch (error) {
          problems.push(
            `${path}:${at + 1}: ${l10n.t('this line is not JSON: {0}', (error as Error).message)}`,
          );
          return [];
        }
      });
  const { source, problems: found } = parseSource(text, path);
  problems.push(...found.map((problem) => `${path}:${problem.line}:${problem.column}: ${problem.message}`));
  return source === undefined ? [] : Array.isArray(source.value) ? source.value : [source.value];
}

/** A number where the cell holds one. Ids and prompts are text; so is what starts with zeros, such as a postcode. */
function castCell(cell: string, { column, header }: CastingContext): string | number {
  const isText = header || column === 'id' || column === 'prompt' || /^\s*-?0\d/.test(cell);
  return !isText && cell.trim() !== '' && Number.isFinite(Number(cell)) ? Number(cell) : cell;
}

function stem(path: string): string {
  return path
    .split('/')
    .at(-1)!
    .replace(/\.\w+$/, '')
    .replace(/[^\w.-]/g, '_');
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]!;
  return `${issue.path.join('.') || l10n.t('it')}: ${issue.message}`;
}
