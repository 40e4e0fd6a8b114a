import { readFileSync } from 'node:fs';
import { answersFault, holds, lookupFacts, type Task, type Workflow } from '../workflow/index.js';

/**
 * The hidden answers of a task: the named file, or the only one; null where the task has none at all. They never enter
 * the sandbox. Throws a sentence where it is not known which file is meant.
 */
export function answersOf({ id, hidden }: Task, name: string | null): string | null {
  if (hidden.length === 0) return null;
  const found = name === null && hidden.length === 1 ? hidden[0] : hidden.find((file) => file.name === name);
  if (found) return 'text' in found ? found.text : readFileSync(found.path, 'utf8');
  const names = hidden.map((file) => file.name).join(', ');
  throw new Error(
    name === null
      ? `${id} has several hidden files (${names}); name one of them under answers`
      : `${id} has no hidden file ${name}; it has ${names}`,
  );
}

/** Why a metric of the workflow cannot be computed from a task's answers, whatever agents do; null where all can. */
export function answersProblem({ outcome }: Workflow, task: Task): string | null {
  const lookup = lookupFacts({}, task);
  for (const { name, when, answers } of outcome.metrics) {
    if (when && !holds(when.expression, lookup)) continue;
    try {
      const text = answersOf(task, answers);
      const fault = text === null ? null : answersFault(name, text);
      if (fault !== null) return `the hidden answers of ${task.id} cannot be used for ${name}: ${fault}`;
    } catch (error) {
      return (error as Error).message;
    }
  }
  return null;
}
