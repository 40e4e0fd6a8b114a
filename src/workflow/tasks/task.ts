import type { Value } from '../expression/index.js';

export type Split = 'train' | 'select' | 'test';

/** A file of a task: on disk under the workflow's folder, or text made by a family. */
export type TaskFile = { name: string; path: string } | { name: string; text: string };

/** One input to the workflow. */
export interface Task {
  id: string;
  prompt: string;
  stratum: string;
  split: Split;
  /** What stays together in one split, and the unit of evaluation: the table, or the task itself. */
  group: string;
  /** Every field, for prompts and expressions (`task.kind`). */
  fields: Record<string, Value>;
  files: TaskFile[];
  hidden: TaskFile[];
  expect: string | null;
}

/** A task before it has a split and a stratum. */
export interface DraftTask {
  id: string;
  prompt: string;
  fields: Record<string, Value>;
  files: TaskFile[];
  hidden: TaskFile[];
  split: Split | null;
  expect: string | null;
}
