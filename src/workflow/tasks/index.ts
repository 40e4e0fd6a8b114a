import type { WorkflowFiles } from '../files.js';
import type { RawTasks } from '../schema-tasks.js';
import { familyTasks } from './family.js';
import { inlineTasks, readTaskFiles } from './read.js';
import { splitTasks } from './split.js';
import type { Task } from './task.js';

export { familyFields } from './family.js';
export { between, randomFrom, shuffled } from './random.js';
export type { Split, Task, TaskFile } from './task.js';

/** All tasks of a workflow, with what is wrong with them in sentences. */
export function loadTasks(raw: RawTasks, files: WorkflowFiles): { tasks: Task[]; problems: string[] } {
  if (Array.isArray(raw)) {
    const { tasks, problems } = inlineTasks(raw, files);
    const split = splitTasks(tasks, null, undefined);
    return { tasks: split.tasks, problems: [...problems, ...split.problems] };
  }
  const read = readTaskFiles(raw, files);
  const family = raw.family ? familyTasks(raw.family, files) : { tasks: [] };
  const { tasks, problems } = splitTasks([...read.tasks, ...family.tasks], raw.stratum ?? null, raw.split);
  return {
    tasks,
    problems: [
      ...read.problems,
      ...('problem' in family && family.problem ? [family.problem] : []),
      ...problems,
    ],
  };
}
