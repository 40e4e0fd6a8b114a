import { readFileSync } from 'node:fs';
import * as l10n from '@vscode/l10n';
import { lookupFacts } from './contract.js';
import { holds } from './expression/index.js';
import { answersFault } from './metrics.js';
import type { Metric, Workflow } from './model.js';
import type { Problem } from './problems.js';
import type { Source } from './source/source.js';
import type { Task } from './tasks/index.js';

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
      ? l10n.t('{0} has several hidden files ({1}); name one of them under answers', id, names)
      : l10n.t('{0} has no hidden file {1}; it has {2}', id, name, names),
  );
}

/** Problems shown of one metric; one of each task would bury all else. */
const SHOWN = 3;

/** Metrics that cannot be computed from the hidden answers of some task, whatever agents do. */
export function answersProblems(workflow: Workflow, tasks: readonly Task[], source: Source): Problem[] {
  return workflow.outcome.metrics.flatMap((metric) => {
    const faults = tasks.flatMap((task) => faultOf(metric, task) ?? []);
    const path = ['outcome', 'metrics', metric.name];
    const more = faults.length - SHOWN;
    return faults.slice(0, SHOWN).map((fault, at) => {
      const rest = at === SHOWN - 1 && more > 0 ? ` ${l10n.t('So it is with {0} more.', more)}` : '';
      const message = l10n.t(
        '{0}. Answers are CSV with a header: the id first, the truth last, each id once.',
        fault,
      );
      return metric.answers === null
        ? source.problem('task.answers', message + rest, path, { part: 'key' })
        : source.problem('task.answers', message + rest, [...path, 'answers']);
    });
  });
}

function faultOf({ name, when, answers }: Metric, task: Task): string | null {
  if (when && !holds(when.expression, lookupFacts({}, task))) return null;
  try {
    const text = answersOf(task, answers);
    const fault = text === null ? null : answersFault(name, text);
    return fault === null
      ? null
      : l10n.t('the hidden answers of {0} cannot be used for {1}: {2}', task.id, name, fault);
  } catch (error) {
    return (error as Error).message;
  }
}
