import * as l10n from '@vscode/l10n';
import {
  expressionFunctions,
  factMeaning,
  factTypes,
  loadTasks,
  type TypeName,
  typeWords,
  type Workflow,
  type WorkflowFiles,
} from '../../workflow/index.js';
import type { Team } from './analyse.js';
import type { Suggestion } from './suggestion.js';

const kinds = ['table', 'column', 'model', 'json', 'text', 'file', 'folder', 'message'] as const;
type Kind = (typeof kinds)[number];
const kindOf = (kind: string): Kind => kinds.find((each) => each === kind) ?? 'file';

const fieldsOf = new WeakMap<Workflow, Record<string, string>>();

/** The fields that tasks of a workflow have, each with an example. Reads the task files once per workflow. */
export function taskFields(workflow: Workflow | undefined, files: WorkflowFiles): Record<string, string> {
  const known = workflow && fieldsOf.get(workflow);
  if (known) return known;
  const fields: Record<string, string> = { id: '', prompt: '', stratum: '', split: '' };
  if (!workflow) return fields;
  const first = loadTasks(workflow.tasks, files).tasks[0];
  for (const [name, value] of Object.entries(first?.fields ?? {}))
    fields[name] = JSON.stringify(value).slice(0, 60);
  fieldsOf.set(workflow, fields);
  return fields;
}

/** A prompt may name what the others said; the prompt that tasks share only what a task has. */
export type ExpressionPlace = 'expression' | 'prompt' | 'shared-prompt';

/**
 * What can stand in an expression behind `word` (a dotted name that is half written). `own` is the artifact whose
 * contract it is in.
 */
export function expressionNames(
  word: string,
  team: Team,
  fields: Record<string, string>,
  own: string | null,
  where: ExpressionPlace,
): Suggestion[] {
  const dot = word.lastIndexOf('.');
  if (dot >= 0) {
    const first = word.slice(0, dot);
    if (first === 'task')
      return Object.entries(fields)
        .filter(([label]) => where !== 'shared-prompt' || label !== 'prompt')
        .map(([label, example]) => ({
          label,
          kind: 'field',
          detail: example && l10n.t('for example {0}', example),
        }));
    if (where === 'shared-prompt') return [];
    const artifact = team.artifacts.get(first);
    return artifact ? factsOf(artifact.kind) : [];
  }
  const ownKind = own === null ? undefined : team.artifacts.get(own)?.kind;
  return [
    ...(ownKind ? factsOf(ownKind) : []),
    { label: 'task', kind: 'field', detail: l10n.t('fields of the task') },
    ...(where === 'prompt'
      ? [{ label: 'context', kind: 'field' as const, detail: l10n.t('what the others said') }]
      : []),
    ...[...team.artifacts.keys()]
      .filter((name) => name !== own && where !== 'shared-prompt')
      .map((label) => ({ label, kind: 'artifact' as const, detail: l10n.t('facts of this artifact') })),
    ...Object.entries(expressionFunctions).map(([label, each]) => ({
      label,
      kind: 'function' as const,
      detail: signature(each),
      says: each.says(),
      insert: `${label}($1)`,
    })),
    ...['and', 'or', 'not', 'in', 'true', 'false', 'null'].map((label) => ({ label, kind: 'word' as const })),
  ];
}

/** What a function takes and gives, such as `(list, list) -> list`. */
export function signature({ takes, gives }: { takes: TypeName[]; gives: TypeName }): string {
  return `(${takes.map(typeWords).join(', ')}) -> ${typeWords(gives)}`;
}

function factsOf(kind: string): Suggestion[] {
  return Object.entries(factTypes(kindOf(kind))).map(([label, type]) => ({
    label,
    kind: 'fact',
    detail: typeWords(type),
    says: factMeaning(label),
  }));
}
