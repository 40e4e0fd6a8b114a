import * as l10n from '@vscode/l10n';
import { parse as parseCsv } from 'csv-parse/sync';
import type { z } from 'zod';
import type { Value } from '../expression/index.js';
import type { WorkflowFiles } from '../files.js';
import { type RawTask, type RawTaskSource, taskSchema } from '../schema-tasks.js';
import { parseSource } from '../source/source.js';
import type { DraftTask, TaskFile } from './task.js';

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
  const folder = '';
  const find = (path: string): TaskFile[] => {
    const found = files.resolve(folder + path);
    if ('path' in found) return [{ name: path.split('/').at(-1)!, path: found.path }];
    out.problems.push(`${where}: ${found.message}`);
    return [];
  };
  out.tasks.push({
    id: own === undefined ? id : String(own),
    prompt: prompt || (source.prompt ?? ''),
    fields: fields as Record<string, Value>,
    files: [...source.files, ...ownFiles].flatMap(find),
    hidden: [...source.hidden, ...hidden].flatMap(find),
    split: split ?? null,
    expect: expect ?? null,
  });
}

function rowsOf(path: string, text: string, problems: string[]): unknown[] {
  if (path.endsWith('.csv'))
    return (parseCsv(text, { columns: true, cast: castCell, skip_empty_lines: true }) as object[]) ?? [];
  if (path.endsWith('.jsonl'))
    return text.split('\n').flatMap((line, at) => {
      if (line.trim() === '') return [];
      try {
        return [JSON.parse(line) as unknown];
      } catch (error) {
        problems.push(`${path}:${at + 1}: ${l10n.t('this line is not JSON: {0}', (error as Error).message)}`);
        return [];
      }
    });
  const { source, problems: found } = parseSource(text, path);
  problems.push(...found.map((problem) => `${path}:${problem.line}:${problem.column}: ${problem.message}`));
  return source === undefined ? [] : Array.isArray(source.value) ? source.value : [source.value];
}

function castCell(cell: string): string | number {
  return cell.trim() !== '' && Number.isFinite(Number(cell)) ? Number(cell) : cell;
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
