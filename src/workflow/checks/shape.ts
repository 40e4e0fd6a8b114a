import type { z } from 'zod';
import type { Problem } from '../problems.js';
import { jsonSchema } from '../schema.js';
import { suggestion } from '../source/nearest.js';
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
  const key = String(path.at(-1) ?? 'the file');
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((unknown) =>
        source.problem(
          'schema.unknown-key',
          `"${unknown}" is not a key here.${suggestion(unknown, knownKeys(path))}`,
          [...path, unknown],
          { part: 'key' },
        ),
      );
    case 'invalid_union': {
      const branch = closest(issue.errors);
      if (branch) return branch.flatMap((inner) => describe(inner, source, path));
      return [source.problem('schema.invalid', `"${key}" has none of the forms it may have.`, path)];
    }
    case 'invalid_type':
      return [wrongType(issue, source, path, key)];
    case 'invalid_value': {
      const values = issue.values.map((value) => JSON.stringify(value)).join(', ');
      return [
        source.problem(
          'schema.invalid',
          `"${key}" must be ${issue.values.length > 1 ? 'one of ' : ''}${values}.`,
          path,
        ),
      ];
    }
    case 'invalid_key':
      return [
        source.problem('name.invalid', `"${key}" is not a name: ${issue.issues[0]?.message ?? ''}.`, path, {
          part: 'key',
        }),
      ];
    case 'too_small':
    case 'too_big': {
      const [word, bound] =
        issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
      const what = { string: 'characters', array: 'items', number: '' }[issue.origin as string] ?? '';
      const over = issue.inclusive === false ? `${word === 'at least' ? 'more' : 'less'} than` : word;
      return [
        source.problem(
          'schema.invalid',
          `"${key}" must be ${over} ${bound} ${what}`.trimEnd().concat('.'),
          path,
        ),
      ];
    }
    default:
      return [source.problem('schema.invalid', `"${key}": ${issue.message}.`, path)];
  }
}

function wrongType(
  issue: Issue & { code: 'invalid_type' },
  source: Source,
  path: Path,
  key: string,
): Problem {
  const value = valueAt(source.value, path);
  if (value === undefined)
    return source.problem('schema.missing-key', `"${key}" is missing here.`, path.slice(0, -1), {
      part: 'key',
    });
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
      `"${key}" must be a number, and "${value}" in quotes (or without a dot) is text.`,
      path,
      {
        fix: { title: `Write ${plainNumber(value)}`, start, end, text: plainNumber(value) },
      },
    );
  const names: Record<string, string> = {
    string: 'text',
    object: 'a mapping',
    record: 'a mapping',
    array: 'a list',
    int: 'a whole number',
  };
  const name = (type: string) => names[type] ?? `a ${type}`;
  const actual = value === null ? 'empty' : Array.isArray(value) ? 'a list' : name(typeof value);
  return source.problem('schema.invalid', `"${key}" must be ${name(expected)}, and this is ${actual}.`, path);
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
