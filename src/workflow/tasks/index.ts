import type { WorkflowFiles } from '../files.js';
import type { RawFamily, RawTasks } from '../schema-tasks.js';
import { tableFields, tableTasks } from './family.js';
import { problemFields, wordProblems } from './problems.js';
import { sharePrompt } from './prompt.js';
import { inlineTasks, readTaskFiles } from './read.js';
import { splitTasks } from './split.js';
import type { DraftTask, Task } from './task.js';

export { between, randomFrom, shuffled } from './random.js';
export type { Split, Task, TaskFile } from './task.js';

/** The fields that every task of a family has, with their types. */
export function familyFields(family: RawFamily): typeof tableFields | typeof problemFields {
  return 'tables' in family ? tableFields : problemFields;
}

function familyTasks(family: RawFamily, files: WorkflowFiles): { tasks: DraftTask[]; problem?: string } {
  return 'tables' in family ? tableTasks(family, files) : { tasks: wordProblems(family.problems) };
}

/** All tasks of a workflow, with what is wrong with them in sentences; `overlaps`: tasks in two splits. */
export function loadTasks(
  raw: RawTasks,
  files: WorkflowFiles,
): { tasks: Task[]; problems: string[]; overlaps: string[] } {
  if (Array.isArray(raw)) {
    const { tasks, problems } = inlineTasks(raw, files);
    const split = splitTasks(tasks, null, undefined);
    return { tasks: split.tasks, problems: [...problems, ...split.problems], overlaps: split.overlaps };
  }
  const read = readTaskFiles(raw, files);
  const family = raw.family ? familyTasks(raw.family, files) : { tasks: [] };
  const split = splitTasks([...read.tasks, ...family.tasks], raw.stratum ?? null, raw.split);
  const { tasks, problems } = sharePrompt(split.tasks, raw.prompt);
  return {
    tasks,
    overlaps: split.overlaps,
    problems: [
      ...read.problems,
      ...('problem' in family && family.problem ? [family.problem] : []),
      ...split.problems,
      ...problems,
    ],
  };
}
