import { statSync } from 'node:fs';
import * as l10n from '@vscode/l10n';
import type { Value } from '../expression/index.js';
import type { WorkflowFiles } from '../files.js';
import type { RawTask, RawTaskSource } from '../schema-tasks.js';
import { readRows } from './rows.js';
import type { DraftTask } from './task.js';

export interface ReadTasks {
  tasks: DraftTask[];
  problems: string[];
}

interface Written {
  task: RawTask;
  /** What the task is called where it does not say. */
  id: string;
  /** The file and the task's place in it. */
  where: string;
}

/** Tasks from the YAML, JSONL and CSV files that a workflow names. */
export function readTaskFiles(source: RawTaskSource, files: WorkflowFiles): ReadTasks {
  const { written, problems } = writtenTasks(source, files);
  const out: ReadTasks = { tasks: [], problems };
  for (const { task, id, where } of written) addTask(task, id, where, source, files, out);
  return out;
}

/**
 * The tasks of those files as they are written; the files that they name are not looked for. `broken`: the fields of
 * those that cannot be used.
 */
export function writtenTasks(
  source: RawTaskSource,
  files: WorkflowFiles,
): { written: Written[]; broken: object[]; problems: string[] } {
  const written: Written[] = [];
  const broken: object[] = [];
  const problems: string[] = [];
  for (const pattern of source.from === undefined ? [] : [source.from].flat()) {
    const paths = files.list(pattern);
    if (paths.length === 0) problems.push(l10n.t('No file matches {0} in {1}.', pattern, files.folder));
    for (const path of paths) {
      const read = files.read(path);
      if ('refused' in read) {
        problems.push(read.message);
        continue;
      }
      const { rows, problems: found } = readRows(files.folder, path, read.text);
      problems.push(...found);
      for (const [at, row] of rows.entries()) {
        const where = l10n.t('{0}:{1}, task {2}', path, row.line, at + 1);
        if ('invalid' in row) {
          problems.push(`${where}: ${row.invalid}`);
          broken.push(row.fields);
        } else written.push({ task: row.task, id: `${stem(path)}${at === 0 ? '' : `-${at}`}`, where });
      }
    }
  }
  return { written, broken, problems };
}

/** Tasks written in the workflow itself. */
export function inlineTasks(tasks: RawTask[], files: WorkflowFiles): ReadTasks {
  const out: ReadTasks = { tasks: [], problems: [] };
  for (const [at, task] of tasks.entries())
    addTask(task, `task-${at + 1}`, l10n.t('task {0}', at + 1), { files: [], hidden: [] }, files, out);
  return out;
}

function addTask(
  task: RawTask,
  id: string,
  where: string,
  source: RawTaskSource,
  files: WorkflowFiles,
  out: ReadTasks,
): void {
  const { id: own, prompt, files: ownFiles, hidden, split, expect, ...fields } = task;
  const problem = (message: string) => out.problems.push(`${where}: ${message}`);
  const find = (path: string): { name: string; path: string }[] => {
    const found = files.resolve(path);
    const kind = 'refused' in found ? undefined : statSync(found.path, { throwIfNoEntry: false });
    if ('refused' in found) problem(found.message);
    else if (kind?.isDirectory()) problem(l10n.t('{0} is a folder; name the files in it.', path));
    // A pipe would be waited for, for ever.
    else if (kind && !kind.isFile()) problem(l10n.t('{0} is no file that can be read to its end.', path));
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
    prompt,
    fields: fields as Record<string, Value>,
    files: given,
    hidden: kept,
    split: split ?? null,
    expect: expect ?? null,
  });
}

function stem(path: string): string {
  return path
    .split('/')
    .at(-1)!
    .replace(/\.\w+$/, '')
    .replace(/[^\w.-]/g, '_');
}
