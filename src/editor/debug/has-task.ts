import { basename, dirname } from 'node:path';
import { checkWorkflow, loadTasks } from '../../workflow/index.js';
import { setting } from '../host.js';
import { openFiles } from '../providers/open-files.js';

/** Whether a workflow, as it is now, has a task that an earlier run of it had. */
export function hasTask(file: string, task: string): boolean {
  const files = openFiles(dirname(file));
  const read = files.read(basename(file));
  if ('refused' in read) return false;
  const { workflow } = checkWorkflow(read.text, file, { files, allowEnv: setting<string[]>('allowEnv', []) });
  return workflow !== undefined && loadTasks(workflow.tasks, files).tasks.some(({ id }) => id === task);
}
