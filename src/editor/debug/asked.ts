import { dirname } from 'node:path';
import { limitsOf } from '../../rollout/index.js';
import { readLine, scanLines } from '../../trace/index.js';
import { checkWorkflow, diskFiles, type Limits, loadTasks, type Task } from '../../workflow/index.js';
import type { Run } from '../runs/run.js';

/**
 * What a run's own copy of its workflow says of a task and of limits; the task is null where the files it was read
 * from are not there any more.
 */
export function askedOf(run: Run, task: string): { task: Task | null; limits: Limits | null } {
  const { file, texts } = run.info;
  const disk = diskFiles(dirname(file));
  const files = {
    ...disk,
    read: (path: string) =>
      Object.hasOwn(texts, path) ? { text: run.blobs.text(texts[path]!) } : disk.read(path),
  };
  const { workflow } = checkWorkflow(run.workflow, file, { files });
  if (!workflow) return { task: null, limits: null };
  const { tasks } = loadTasks(workflow.tasks, files);
  return { task: tasks.find(({ id }) => id === task) ?? null, limits: limitsOf(workflow.limits, run.folder) };
}

/** The name of the task of a recorded rollout. */
export function taskNameOf(run: Run, rollout: string): string {
  const path = run.folder.rollout(rollout);
  const [first] = scanLines(path);
  const started = first && readLine(path, first);
  return started?.type === 'rollout.started' ? started.data.task : '';
}
