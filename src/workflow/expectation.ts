import { faultsIn, readFields, scopeOf } from './checks/expressions.js';
import type { WorkflowFiles } from './files.js';
import { workflowSchema } from './schema.js';
import { parseSource } from './source/source.js';

/**
 * Says what would be wrong with an expression that a task of this workflow expects, as a check of the workflow would;
 * undefined where nothing is. The text is read once. Of a text that is no workflow everything may be expected: what is
 * wrong there comes first.
 */
export function expectationsIn(text: string, files: WorkflowFiles): (expect: string) => string | undefined {
  const parsed = workflowSchema.safeParse(parseSource(text, 'workflow').source?.value);
  if (!parsed.success) return () => undefined;
  const raw = parsed.data;
  const scope = scopeOf({ ...readFields(raw, files), raw });
  return (expect) => faultsIn(expect, 'yes-no', scope).faults[0]?.message;
}
