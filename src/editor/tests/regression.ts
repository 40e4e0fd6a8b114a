import { relative, sep } from 'node:path';
import { normalize } from 'node:path/posix';
import * as l10n from '@vscode/l10n';
import { stringify } from 'yaml';
import {
  changeText,
  expectationsIn,
  loadTasks,
  parseSource,
  type Task,
  type TaskFile,
  type Workflow,
  type WorkflowFiles,
} from '../../workflow/index.js';

/** Where regression tests go when the task has no YAML list of its own. */
export const REGRESSIONS = 'regressions.yaml';

/** What makes the test: texts of files, by their path beside the workflow; the workflow itself is `null`. */
export interface Regression {
  /** The new task. */
  id: string;
  texts: Map<string | null, string>;
  /** The file that the task is written into. */
  into: string | null;
}

/**
 * A copy of a task that expects something, as the texts to write. It goes where the task itself stands: into the
 * workflow's own list, or the YAML list it was read from; else into `regressions.yaml`, which the workflow then
 * reads, with files that a family made laid down beside it. Comments are kept. Pure but for reading.
 */
export function regressionTest(
  text: string,
  workflow: Workflow,
  files: WorkflowFiles,
  task: string,
  expect: string,
): Regression | { refused: string } {
  const wrong = expectationsIn(text, files)(expect);
  if (wrong !== undefined) return { refused: l10n.t('"{0}" cannot be expected: {1}', expect, wrong) };
  const { tasks } = loadTasks(workflow.tasks, files);
  const own = tasks.find(({ id }) => id === task);
  if (!own) return { refused: l10n.t('There is no task "{0}" in this workflow any more.', task) };
  const id = freeId(task, new Set(tasks.map((each) => each.id)));
  const written = (raw: object) => ({ ...raw, ...splitOf(workflow, raw), id, expect });
  if (Array.isArray(workflow.tasks)) {
    const at = tasks.indexOf(own);
    const raw = rawTasks(text, 'tasks')[at] as object;
    const changed = changeText(text, [{ do: 'add', path: ['tasks'], value: written(raw) }]);
    return { id, texts: new Map([[null, changed]]), into: null };
  }
  for (const path of [workflow.tasks.from ?? []].flat().flatMap((pattern) => files.list(pattern))) {
    const read = /\.ya?ml$/.test(path) ? files.read(path) : undefined;
    if (!read || 'refused' in read) continue;
    const raw = rawTasks(read.text).find((each) => String((each as { id?: unknown }).id) === task);
    if (!raw) continue;
    const changed = changeText(read.text, [{ do: 'add', path: [], value: written(raw as object) }]);
    return { id, texts: new Map([[path, changed]]), into: path };
  }
  return beside(text, workflow, files, own, id, expect);
}

/** Write the task, its files where they are nowhere yet, and a line in the workflow that reads it. */
function beside(
  text: string,
  workflow: Workflow,
  files: WorkflowFiles,
  task: Task,
  id: string,
  expect: string,
): Regression {
  const source = workflow.tasks as Exclude<Workflow['tasks'], unknown[]>;
  const texts = new Map<string | null, string>();
  const place = (each: TaskFile): string => {
    if ('path' in each) return relative(files.folder, each.path).split(sep).join('/');
    const path = `regressions/${id}/${each.name}`;
    texts.set(path, each.text);
    return path;
  };
  // What the source gives to every task is not written again.
  const own = (all: readonly TaskFile[], given: readonly string[]) => {
    const known = new Set(given.map((path) => normalize(path)));
    return all.map(place).filter((path) => !known.has(path));
  };
  const [inputs, hidden] = [own(task.files, source.files), own(task.hidden, source.hidden)];
  const made = {
    id,
    ...(task.prompt === source.prompt ? {} : { prompt: task.prompt }),
    ...task.fields,
    ...(inputs.length > 0 ? { files: inputs } : {}),
    ...(hidden.length > 0 ? { hidden } : {}),
    ...splitOf(workflow, {}),
    expect,
  };
  const known = files.read(REGRESSIONS);
  texts.set(
    REGRESSIONS,
    'text' in known && known.text.trim() !== ''
      ? changeText(known.text, [{ do: 'add', path: [], value: made }])
      : stringify([made], { lineWidth: 110 }),
  );
  const from = [source.from ?? []].flat();
  const value = from.length === 0 ? REGRESSIONS : [...from, REGRESSIONS];
  if (!from.some((pattern) => pattern === REGRESSIONS || files.list(pattern).includes(REGRESSIONS)))
    texts.set(null, changeText(text, [{ do: 'set', path: ['tasks', 'from'], value }]));
  return { id, texts, into: REGRESSIONS };
}

/** Where a new task says its split by itself: dealt with the rest it would move others to another split. */
function splitOf({ tasks }: Workflow, raw: object): { split?: 'test' } {
  const dealt = !Array.isArray(tasks) && tasks.split !== undefined && tasks.split.by === undefined;
  return dealt && !('split' in raw) ? { split: 'test' } : {};
}

/** The tasks of a text as they are written; none where it is no list. */
function rawTasks(text: string, key?: string): unknown[] {
  const value = parseSource(text, REGRESSIONS).source?.value;
  const list = key === undefined ? value : (value as Record<string, unknown> | undefined)?.[key];
  return Array.isArray(list) ? list : [];
}

/** `<task>-regression`, with a number where that is taken; at most 80 characters. */
function freeId(task: string, taken: ReadonlySet<string>): string {
  for (let at = 1; ; at++) {
    const tail = at === 1 ? '-regression' : `-regression-${at}`;
    const id = `${task.slice(0, 80 - tail.length)}${tail}`;
    if (!taken.has(id)) return id;
  }
}
