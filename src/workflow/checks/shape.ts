import * as l10n from '@vscode/l10n';
import type { z } from 'zod';
import type { Fix, Problem } from '../problems.js';
import { jsonSchema } from '../schema.js';
import { nearest, suggestion } from '../source/nearest.js';
import type { Path, Source } from '../source/source.js';

/** Each complaint of the schema as a problem with a place and, where one is obvious, a fix. */
export function shapeProblems(error: z.ZodError, source: Source): Problem[] {
  return error.issues.flatMap((issue) => describe(issue, source));
}

type Issue = z.core.$ZodIssue;

function describe(issue: Issue, source: Source, above: Path = []): Problem[] {
  const path: Path = [
    ...above,
    ...issue.path.map((step) => (typeof step === 'number' ? step : String(step))),
  ];
  const key = String(path.at(-1) ?? l10n.t('the file'));
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((unknown) => unknownKey(unknown, path, source));
    case 'invalid_union': {
      const branch = closest(issue.errors);
      if (branch) return branch.flatMap((inner) => describe(inner, source, path));
      return [
        source.problem('schema.invalid', l10n.t('"{0}" has none of the forms it may have.', key), path),
      ];
    }
    case 'invalid_type':
      return [wrongType(issue, source, path, key)];
    case 'invalid_value':
      return [wrongValue(issue, source, path, key)];
    case 'invalid_key':
      return [
        source.problem(
          'name.invalid',
          l10n.t('"{0}" is not a name: {1}.', key, issue.issues[0]?.message ?? ''),
          path,
          {
            part: 'key',
          },
        ),
      ];
    case 'too_small':
    case 'too_big':
      return [source.problem('schema.invalid', outOfBounds(issue, key), path)];
    default:
      return [source.problem('schema.invalid', l10n.t('"{0}": {1}.', key, issue.message), path)];
  }
}

/** What a file may not choose, since it may come from anybody, and how a user does. */
const userOnly: ReadonlyMap<string, string[]> = new Map([
  ['interpreter', ['--python', 'baton.python']],
  ['node', ['baton.node']],
  ['sandbox', ['--sandbox', 'baton.sandbox']],
  ['allow_env', ['--allow-env', 'baton.allowEnv']],
  ...['target', 'targets', 'host', 'hosts', 'ssh', 'ray'].map(
    (key) => [key, ['--target']] as [string, string[]],
  ),
]);

function unknownKey(unknown: string, path: Path, source: Source): Problem {
  const how = userOnly.get(unknown);
  const at = [...path, unknown];
  return how === undefined
    ? source.problem(
        'schema.unknown-key',
        l10n.t('"{0}" is not a key here.', unknown) + suggestion(unknown, knownKeys(path)),
        at,
        { part: 'key' },
      )
    : source.problem(
        'scope.user-only',
        l10n.t(
          '"{0}" is for you to choose, never for a file that others may have written: {1}.',
          unknown,
          how.join(', '),
        ),
        at,
        { part: 'key' },
      );
}

function wrongValue(
  issue: Issue & { code: 'invalid_value' },
  source: Source,
  path: Path,
  key: string,
): Problem {
  const values = issue.values.map((value) => JSON.stringify(value)).join(', ');
  const several = issue.values.length > 1;
  if (valueAt(source.value, path) === undefined)
    return missingKey(
      several
        ? l10n.t('"{0}" is missing here; it must be one of {1}.', key, values)
        : l10n.t('"{0}" is missing here; it must be {1}.', key, values),
      source,
      path,
    );
  const message = several
    ? l10n.t('"{0}" must be one of {1}.', key, values)
    : l10n.t('"{0}" must be {1}.', key, values);
  return source.problem('schema.invalid', message, path, valueFix(issue.values, source, path));
}

function missingKey(message: string, source: Source, path: Path): Problem {
  return source.problem('schema.missing-key', message, path.slice(0, -1), { part: 'key', missing: path });
}

function wrongType(
  issue: Issue & { code: 'invalid_type' },
  source: Source,
  path: Path,
  key: string,
): Problem {
  const value = valueAt(source.value, path);
  if (value === undefined) return missingKey(l10n.t('"{0}" is missing here.', key), source, path);
  const expected = String(issue.expected);
  const [start, end] = source.offsets(path);
  if (
    (expected === 'number' || expected === 'int') &&
    typeof value === 'string' &&
    value !== '' &&
    Number.isFinite(Number(value))
  )
    return source.problem(
      'schema.invalid',
      l10n.t('"{0}" must be a number, and "{1}" in quotes (or without a dot) is text.', key, value),
      path,
      {
        fix: { title: l10n.t('Write {0}', plainNumber(value)), start, end, text: plainNumber(value) },
      },
    );
  if (path[0] === 'flow' && path.length > 1 && Array.isArray(value))
    return source.problem(
      'schema.invalid',
      l10n.t('A step is a role, or has parallel:, sequence: or repeat: before its list; this has none.'),
      path,
    );
  const actual =
    value === null ? l10n.t('empty') : Array.isArray(value) ? l10n.t('a list') : shapeWords(typeof value);
  return source.problem(
    'schema.invalid',
    l10n.t('"{0}" must be {1}, and this is {2}.', key, shapeWords(expected), actual),
    path,
  );
}

/** The value that was probably meant, in the quotes that are there. */
function valueFix(values: readonly unknown[], source: Source, path: Path): { fix?: Fix } {
  const given = valueAt(source.value, path);
  const texts = values.filter((value): value is string => typeof value === 'string');
  const meant = typeof given === 'string' ? nearest(given, texts) : undefined;
  const [start, end] = source.offsets(path);
  const written = source.text.slice(start, end);
  if (meant === undefined || written.replace(/^(["'])(.*)\1$/, '$2') !== given) return {};
  return {
    fix: {
      title: l10n.t('Replace with "{0}"', meant),
      start,
      end,
      text: written.replace(given, () => meant),
    },
  };
}

function shapeWords(type: string): string {
  switch (type) {
    case 'string':
      return l10n.t('text');
    case 'object':
    case 'record':
      return l10n.t('a mapping');
    case 'array':
      return l10n.t('a list');
    case 'int':
      return l10n.t('a whole number');
    case 'number':
      return l10n.t('a number');
    case 'boolean':
      return l10n.t('a boolean');
    default:
      return l10n.t('a {0}', type);
  }
}

type Bounds = Extract<Issue, { code: 'too_small' | 'too_big' }>;

/** A whole sentence for each case, since a language may need other words around a number. */
function outOfBounds(issue: Bounds, key: string): string {
  const least = issue.code === 'too_small';
  const bound = String(least ? issue.minimum : issue.maximum);
  if (issue.inclusive === false)
    return least
      ? l10n.t('"{0}" must be more than {1}.', key, bound)
      : l10n.t('"{0}" must be less than {1}.', key, bound);
  switch (issue.origin as string) {
    case 'string':
      return least
        ? l10n.t('"{0}" must have {1} or more characters.', key, bound)
        : l10n.t('"{0}" must have {1} or fewer characters.', key, bound);
    case 'array':
      return least
        ? l10n.t('"{0}" must have {1} or more items.', key, bound)
        : l10n.t('"{0}" must have {1} or fewer items.', key, bound);
    default:
      return least
        ? l10n.t('"{0}" must be at least {1}.', key, bound)
        : l10n.t('"{0}" must be at most {1}.', key, bound);
  }
}

/** YAML reads 1e-5 as text: it wants a dot and a sign. */
function plainNumber(text: string): string {
  const number = Number(text);
  return /e/i.test(text) ? number.toExponential().replace(/^(-?\d+)e/, '$1.0e') : String(number);
}

/** Of a union's branches the one that comes closest: the one whose first complaint lies deepest. */
function closest(branches: Issue[][]): Issue[] | undefined {
  const depth = (issues: Issue[]) =>
    Math.max(...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)));
  return branches
    .filter((issues) => issues.length > 0)
    .sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path)
    at = typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[step] : undefined;
  return at;
}

interface SchemaNode {
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode;
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
}

let cached: SchemaNode | undefined;

/** The keys that the schema knows at a path. */
export function knownKeys(path: Path): string[] {
  cached ??= jsonSchema() as SchemaNode;
  let nodes: SchemaNode[] = [cached];
  for (const step of path)
    nodes = nodes
      .flatMap((node) => unfold(node))
      .flatMap((node) => {
        const next =
          typeof step === 'number' ? node.items : (node.properties?.[step] ?? node.additionalProperties);
        return typeof next === 'object' ? [next] : [];
      });
  return [
    ...new Set(nodes.flatMap((node) => unfold(node)).flatMap((node) => Object.keys(node.properties ?? {}))),
  ];
}

function unfold(node: SchemaNode): SchemaNode[] {
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  return [node, ...inner.flatMap(unfold)];
}
