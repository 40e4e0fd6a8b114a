import * as l10n from '@vscode/l10n';
import {
  type Expression,
  type Fault,
  isFault,
  parseExpression,
  type Scope,
  type TypeName,
  typeOf,
  typeOfValue,
  typeWords,
} from '../expression/index.js';
import { factTypes } from '../facts.js';
import type { WorkflowFiles } from '../files.js';
import type { Problem } from '../problems.js';
import type { RawWorkflow } from '../schema.js';
import type { RawTask } from '../schema-tasks.js';
import type { Path, Source } from '../source/source.js';
import { familyFields } from '../tasks/index.js';
import { writtenTasks } from '../tasks/read.js';

export type FieldTypes = Record<string, TypeName>;

/** What a task in a file expects, and which task of which file it is. */
export interface Expected {
  text: string;
  where: string;
}

/**
 * The fields that `task.` names can have: those of the tasks that the workflow names; and what tasks in files expect.
 * `open`: some of those files cannot be read, or hold no task, so that there may be other fields.
 */
export function readFields(
  raw: RawWorkflow,
  files: WorkflowFiles,
): { fields: FieldTypes; open: boolean; expected: Expected[] } {
  let open = false;
  const expected: Expected[] = [];
  const builtIn: FieldTypes = { id: 'text', prompt: 'text', stratum: 'text', split: 'text' };
  const add = (fields: Record<string, unknown>) => {
    for (const [name, value] of Object.entries(fields)) builtIn[name] ??= typeOfValue(value as never);
  };
  const addOf = ({ files: _f, hidden: _h, expect: _e, ...fields }: Partial<RawTask>) => add(fields);
  if (Array.isArray(raw.tasks)) raw.tasks.forEach(addOf);
  else {
    if (raw.tasks.family) Object.assign(builtIn, familyFields(raw.tasks.family));
    const { written, broken, problems } = writtenTasks(raw.tasks, files);
    open = problems.length > broken.length || (!raw.tasks.family && written.length + broken.length === 0);
    // What is wrong with a task is said of the task, and not where its fields are named.
    broken.forEach(addOf);
    for (const { task, where } of written) {
      addOf(task);
      if (task.expect !== undefined) expected.push({ text: task.expect, where });
    }
  }
  return { fields: builtIn, open, expected };
}

/** Where an expression stands decides which names it may use. */
export interface Names {
  fields: FieldTypes;
  /** There may be task fields beside these. */
  open: boolean;
  raw: RawWorkflow;
  /** The artifact whose checks may name its facts without a prefix. */
  own?: string;
}

/** The types of dotted names: task fields, artifact facts, and inside a contract the artifact's own facts. */
export function scopeOf({ fields, open, raw, own }: Names): Scope {
  const ownFacts = own ? factTypes(raw.artifacts[own]!.kind) : {};
  return (parts) => {
    const [first, second] = parts as [string, string | undefined];
    if (first === 'context' && parts.length === 1) return { type: 'text' };
    if (first === 'task') {
      if (second === undefined) return { type: 'anything' };
      const type = fields[second];
      if (type && Object.hasOwn(fields, second)) return { type: parts.length > 2 ? 'anything' : type };
      return open ? { type: 'anything' } : { unknown: `task.${second}`, known: Object.keys(fields) };
    }
    if (Object.hasOwn(ownFacts, first)) return { type: parts.length > 1 ? 'anything' : ownFacts[first]! };
    const artifact = Object.hasOwn(raw.artifacts, first) ? raw.artifacts[first] : undefined;
    if (!artifact)
      return {
        unknown: first,
        known: ['task', ...Object.keys(ownFacts), ...Object.keys(raw.artifacts)],
      };
    const facts = factTypes(artifact.kind);
    if (second === undefined)
      return { unknown: l10n.t('{0} (say which fact of it)', first), known: Object.keys(facts) };
    const type = facts[second];
    return type && Object.hasOwn(facts, second)
      ? { type: parts.length > 2 ? 'anything' : type }
      : { unknown: `${first}.${second}`, known: Object.keys(facts) };
  };
}

/** What the prompt that tasks share may name: any field of a task but the prompt that it has not got. */
export function taskScope({ fields: { prompt: _prompt, ...fields }, ...names }: Names): Scope {
  const scope = scopeOf({ ...names, fields });
  return (parts) => (parts[0] === 'task' ? scope(parts) : { unknown: parts.join('.'), known: ['task'] });
}

/** Parse and type one expression of the file; faults become problems at their very characters. */
export function checkExpression(
  text: string,
  path: Path,
  wanted: TypeName,
  scope: Scope,
  source: Source,
): { expression: Expression; problems: Problem[] } {
  const { expression, faults } = faultsIn(text, wanted, scope);
  return { expression, problems: faults.map((fault) => faultProblem(fault, path, source)) };
}

/** Parse and type one expression, wherever it stands. */
export function faultsIn(
  text: string,
  wanted: TypeName,
  scope: Scope,
): { expression: Expression; faults: Fault[] } {
  const parsed = parseExpression(text);
  if (isFault(parsed))
    return { expression: { is: 'literal', value: false, start: 0, end: 0 }, faults: [parsed] };
  const { type, faults } = typeOf(parsed, scope);
  const all = [...faults];
  if (faults.length === 0 && type !== wanted && type !== 'anything' && wanted !== 'anything')
    all.push({
      kind: 'type',
      message: l10n.t('This must give a {0}, and it gives a {1}.', typeWords(wanted), typeWords(type)),
      start: 0,
      end: text.length,
    });
  return { expression: parsed, faults: all };
}

export function faultProblem(fault: Fault, path: Path, source: Source): Problem {
  const instead = fault.instead;
  const at = placeIn(fault, path, source);
  return source.problem(`expression.${fault.kind}`, fault.message, at, instead ? { instead } : {});
}

/** Where a part of a text stands in the file; the whole text where it is written in lines or with escapes. */
export function placeIn(part: { start: number; end: number }, path: Path, source: Source): [number, number] {
  const [start, end] = source.offsets(path);
  const written = source.text.slice(start, end);
  const quoted = /^["']/.test(written) ? 1 : 0;
  const exact = !/^[|>&*]/.test(written) && !written.includes('\n') && !written.includes('\\');
  const from = Math.min(start + quoted + part.start, end - quoted - 1);
  const to = Math.max(from + 1, Math.min(end - quoted, start + quoted + part.end));
  return exact ? [from, to] : [start, end];
}
