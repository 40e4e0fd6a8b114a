import type { Instead } from './expression/ast.js';

/**
 * The closed catalogue of what can be wrong with a workflow. A problem is a value with a place; nothing in
 * this room throws for bad input.
 */
export const problemCodes = {
  'yaml.syntax': 'error',
  'yaml.too-large': 'error',
  'yaml.too-deep': 'error',
  'yaml.alias': 'error',
  'yaml.tag': 'error',
  'yaml.duplicate-key': 'error',
  'yaml.forbidden-key': 'error',
  'schema.invalid': 'error',
  'schema.unknown-key': 'error',
  'schema.missing-key': 'error',
  'file.unreadable': 'error',
  'name.unknown-artifact': 'error',
  'name.unknown-model': 'error',
  'name.unknown-agent': 'error',
  'name.invalid': 'error',
  'artifact.never-produced': 'error',
  'artifact.produced-twice': 'error',
  'artifact.unused': 'warning',
  'artifact.unwritable': 'error',
  'artifact.schema': 'error',
  'flow.cycle': 'error',
  'flow.consumer-first': 'error',
  'flow.agent-missing': 'warning',
  'flow.agent-twice': 'error',
  'path.unsafe': 'error',
  'path.outside': 'error',
  'path.taken': 'error',
  'expression.syntax': 'error',
  'expression.type': 'error',
  'expression.unknown-name': 'error',
  'metric.no-fallback': 'error',
  'metric.unknown': 'error',
  'metric.no-table': 'error',
  'split.overlap': 'error',
  'split.unknown': 'error',
  'task.answers': 'error',
  'task.invalid': 'error',
  'task.none': 'error',
  'task.verbatim': 'warning',
  'model.unpriced': 'error',
  'model.ambiguous': 'error',
  'model.cannot-play': 'error',
  'model.base': 'error',
  'model.no-replies': 'warning',
  'model.not-trainable': 'error',
  'secret.in-clear': 'error',
  'secret.not-allowed': 'error',
  'scope.user-only': 'error',
  'training.nothing-to-compare': 'error',
  'training.kl-stays-off': 'warning',
  'training.kl-no-gradient': 'error',
  'training.kl-crossed': 'warning',
  'failure.unknown': 'error',
} as const satisfies Record<string, 'error' | 'warning'>;

export type ProblemCode = keyof typeof problemCodes;
export type Severity = 'error' | 'warning';

/** Lines and columns count from 1; the end is exclusive. */
export interface Range {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}

/** A text replacement that mends the problem. Offsets are in UTF-16 units of the file's text. */
export interface Fix {
  title: string;
  start: number;
  end: number;
  text: string;
}

export interface Problem extends Range {
  code: ProblemCode;
  severity: Severity;
  message: string;
  file: string;
  fix?: Fix;
  /** A name that nothing has, and the one that was probably meant. */
  instead?: Instead;
  /** The keys and indexes down to a key that is missing. */
  missing?: readonly (string | number)[];
}

export function isError(problem: Problem): boolean {
  return problem.severity === 'error';
}

/** One line as compilers print it: `file:line:column: severity: message [code]`. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, severity, message, code } = problem;
  return `${file}:${line}:${column}: ${severity}: ${message} [${code}]`;
}
