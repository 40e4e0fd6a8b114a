import * as l10n from '@vscode/l10n';
import { lookupFacts } from '../contract.js';
import { fillTemplate, holes } from '../template.js';
import type { Task } from './task.js';

/**
 * Tasks without a prompt of their own get the shared one, filled with their fields. A prompt of a task's own is data and
 * stays as it is. A field that some tasks have and others lack is told in a sentence; one that none has is told where the
 * prompt stands.
 */
export function sharePrompt(
  tasks: readonly Task[],
  shared: string | undefined,
): { tasks: Task[]; problems: string[] } {
  const lacking = new Map<string, string[]>();
  const isTemplate = shared !== undefined && holes(shared).length > 0;
  const filled = tasks.map((task) => {
    if (!shared || task.prompt) return task;
    if (!isTemplate) return { ...task, prompt: shared };
    const names = new Set<string>();
    const prompt = fillTemplate(shared, lookupFacts({}, task), (name) => names.add(name));
    for (const name of names) {
      const ids = lacking.get(name) ?? [];
      ids.push(task.id);
      lacking.set(name, ids);
    }
    return { ...task, prompt };
  });
  const problems = [...lacking].flatMap(([name, ids]) => {
    const field = name.split('.')[1] ?? '';
    if (!tasks.some(({ fields }) => Object.hasOwn(fields, field))) return [];
    const said = l10n.t('"{0}" has no {1}, which the prompt under tasks asks for.', ids[0]!, name);
    return ids.length > 1 ? `${said} ${l10n.t('So it is with {0} more.', ids.length - 1)}` : said;
  });
  return { tasks: filled, problems };
}
