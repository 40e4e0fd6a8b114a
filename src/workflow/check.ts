import { basename, join, relative } from 'node:path';
import * as l10n from '@vscode/l10n';
import { answersProblems } from './answers.js';
import { buildFlow } from './checks/flow.js';
import { nameProblems } from './checks/names.js';
import { resolveWorkflow } from './checks/resolve.js';
import { type SafetyOptions, safetyProblems } from './checks/safety.js';
import { shapeProblems } from './checks/shape.js';
import type { WorkflowFiles } from './files.js';
import type { Workflow } from './model.js';
import { isError, type Problem } from './problems.js';
import { workflowSchema } from './schema.js';
import { nearest, suggestion } from './source/nearest.js';
import { parseSource, type Source } from './source/source.js';
import { loadTasks, type Task } from './tasks/index.js';

export interface CheckOptions extends SafetyOptions {
  files: WorkflowFiles;
  /** Load every task as well (slower): finds overlapping splits, missing files and broken task files. */
  tasks?: boolean;
  /** What embedded models start from in place of the base that the file names. */
  base?: string | undefined;
}

export interface Checked {
  /** Present only where no problem is an error. */
  workflow?: Workflow;
  source?: Source;
  problems: Problem[];
}

/** Text of a workflow file to a `Workflow`, or to the list of what is wrong with it. Never throws for bad input. */
export function checkWorkflow(text: string, file: string, options: CheckOptions): Checked {
  const { source, problems } = parseSource(text, file);
  if (!source) return { problems };
  const parsed = workflowSchema.safeParse(source.value);
  if (!parsed.success) return { source, problems: shapeProblems(parsed.error, source) };
  const raw = parsed.data;
  const flow = buildFlow(raw, source);
  const path = join(options.files.folder, basename(file));
  const resolved = resolveWorkflow(raw, flow.flow, source, path, options);
  const all = [
    ...nameProblems(raw, source),
    ...flow.problems,
    ...safetyProblems(raw, source, options),
    ...resolved.problems,
  ];
  if (options.tasks) all.push(...taskProblems(resolved.workflow, source, options.files, all));
  all.sort((a, b) => a.line - b.line || a.column - b.column);
  return all.some(isError)
    ? { source, problems: all }
    : { source, problems: all, workflow: resolved.workflow };
}

/** What is wrong with the tasks, whatever else is: much of what is said elsewhere may come from that. */
function taskProblems(
  workflow: Workflow,
  source: Source,
  files: WorkflowFiles,
  others: readonly Problem[],
): Problem[] {
  const { tasks, problems, overlaps } = loadTasks(workflow.tasks, files);
  const key = { part: 'key' } as const;
  const found = [
    ...problems.map((message) => source.problem('task.invalid', message, ['tasks'], key)),
    ...(others.some(({ code }) => code === 'split.overlap') ? [] : overlaps).map((message) =>
      source.problem('split.overlap', message, ['tasks', 'split'], key),
    ),
  ];
  const shown = shownByModules(workflow, tasks);
  if (shown)
    found.push(
      source.problem(
        'task.invalid',
        l10n.t(
          'The hidden file {0} lies in {1}, whose modules agents can read; keep it somewhere else.',
          basename(shown.path),
          shown.folder,
        ),
        ['python', 'modules'],
      ),
    );
  // Of a task that is broken itself nothing more is said.
  if (found.length === 0 && !others.some(isError)) found.push(...answersProblems(workflow, tasks, source));
  if (found.length === 0) found.push(...unknownInSplit(workflow, tasks, source));
  if (tasks.length === 0 && found.length === 0)
    found.push(
      source.problem('task.none', l10n.t('There is not one task here.'), ['tasks'], { part: 'key' }),
    );
  return found;
}

/** What a split names and no task has: the split would be smaller than it looks, or empty. */
function unknownInSplit({ tasks: raw }: Workflow, tasks: readonly Task[], source: Source): Problem[] {
  if (Array.isArray(raw) || !raw.split || tasks.length === 0) return [];
  const { by, ...shares } = raw.split;
  const known = [...new Set(tasks.map(({ group }) => group))];
  return Object.entries(shares).flatMap(([split, share]) =>
    (Array.isArray(share) ? share : []).flatMap((value, at) => {
      const written = String(value);
      if (known.includes(written)) return [];
      const says =
        by === undefined
          ? l10n.t('No task is called "{0}".', written)
          : l10n.t('No {0} of a task is "{1}".', by, written);
      const meant = nearest(written, known);
      return source.problem(
        'split.unknown',
        says + suggestion(written, known),
        ['tasks', 'split', split, at],
        {
          instead: meant === undefined ? undefined : { written, meant },
        },
      );
    }),
  );
}

/** A hidden file that agents would find among the Python modules that they may import. */
function shownByModules(
  { modules }: Workflow,
  tasks: readonly Task[],
): { path: string; folder: string } | undefined {
  if (modules.length === 0) return undefined;
  const hidden = tasks.flatMap((task) => task.hidden.flatMap((file) => ('path' in file ? [file.path] : [])));
  return hidden.flatMap((path) => {
    const folder = modules.find((each) => !relative(each, path).startsWith('..'));
    return folder ? [{ path, folder }] : [];
  })[0];
}
