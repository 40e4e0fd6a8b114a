import * as l10n from '@vscode/l10n';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { Instead } from '../expression/ast.js';
import { type Fix, type Problem, type ProblemCode, problemCodes, type Range } from '../problems.js';
import { tooDeep } from './depth.js';
import { linesOf } from './lines.js';

export type Path = readonly (string | number)[];

/** A parsed YAML text that knows where each of its values stands. */
export interface Source {
  file: string;
  text: string;
  doc: Document.Parsed;
  value: unknown;
  /** Offsets of the value (or the key) at a path; the nearest existing ancestor when the path ends early. */
  offsets(path: Path, part?: 'key' | 'value'): [number, number];
  /** The line of an offset, from 1. */
  lineAt(offset: number): number;
  problem(code: ProblemCode, message: string, at: Path | [number, number], options?: PlaceOptions): Problem;
}

export interface PlaceOptions {
  part?: 'key' | 'value';
  fix?: Fix;
  instead?: Instead | undefined;
  missing?: Path;
}

const MAX_BYTES = 1_000_000;
const MAX_DEPTH = 64;
const MAX_ALIASES = 50;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
/** The schema's own tags; any other asks a reader to build something. */
const PLAIN_TAGS = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq|merge)$/;

/** Parse YAML text. Refuses what could hurt before the parser sees it. Never throws. */
export function parseSource(text: string, file: string): { source?: Source; problems: Problem[] } {
  const refused = refuseEarly(text, file);
  if (refused) return { problems: [refused] };
  const doc = parseDocument(text, {
    prettyErrors: false,
    uniqueKeys: true,
    stringKeys: true,
  });
  const placeAt = linesOf(text);
  const range = (start: number, end: number): Range => {
    // The library may point past the end of a text that stops early.
    const from = placeAt(Math.min(start, text.length));
    const to = placeAt(Math.min(Math.max(start, end), text.length));
    return { line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
  };
  const place = (
    code: ProblemCode,
    message: string,
    [start, end]: [number, number],
    { fix, instead, missing }: PlaceOptions = {},
  ): Problem => ({
    code,
    severity: problemCodes[code],
    message,
    file,
    ...range(start, end),
    ...(fix ? { fix } : {}),
    ...(instead ? { instead } : {}),
    ...(missing ? { missing } : {}),
  });
  const problems = doc.errors.map((error) =>
    place(
      error.code === 'DUPLICATE_KEY' ? 'yaml.duplicate-key' : 'yaml.syntax',
      error.code === 'DUPLICATE_KEY'
        ? duplicateMessage(text, error.pos[0])
        : l10n.t('This is not valid YAML: {0}', error.message),
      error.code === 'DUPLICATE_KEY'
        ? [error.pos[0], error.pos[0] + duplicateKey(text, error.pos[0]).length]
        : error.pos,
    ),
  );
  problems.push(...refuseNodes(doc, place));
  if (problems.length > 0) return { problems };
  let value: unknown;
  try {
    value = doc.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    return {
      problems: [place('yaml.alias', l10n.t('Too many aliases: {0}', (error as Error).message), [0, 1])],
    };
  }
  const offsets = (path: Path, part: 'key' | 'value' = 'value') => locate(doc, path, part);
  return {
    source: {
      file,
      text,
      doc,
      value,
      offsets,
      lineAt: (offset) => placeAt(offset).line,
      problem: (code, message, at, options = {}) =>
        place(code, message, isOffsets(at) ? at : offsets(at, options.part ?? 'value'), options),
    },
    problems: [],
  };
}

function isOffsets(at: Path | [number, number]): at is [number, number] {
  return at.length === 2 && typeof at[0] === 'number' && typeof at[1] === 'number';
}

function duplicateKey(text: string, at: number): string {
  return /^[^:\n]+/.exec(text.slice(at))?.[0]?.trimEnd() ?? '';
}

function duplicateMessage(text: string, at: number): string {
  return l10n.t('The key "{0}" stands here twice; keep one of them.', duplicateKey(text, at));
}

function refuseEarly(text: string, file: string): Problem | undefined {
  const at = (code: ProblemCode, message: string, line: number): Problem => ({
    code,
    severity: 'error',
    message,
    file,
    line,
    column: 1,
    endLine: line,
    endColumn: 2,
  });
  if (text.length > MAX_BYTES)
    return at(
      'yaml.too-large',
      l10n.t('The file has {0} characters; a workflow may have {1}.', text.length, MAX_BYTES),
      1,
    );
  const line = tooDeep(text, MAX_DEPTH);
  return line === undefined
    ? undefined
    : at('yaml.too-deep', l10n.t('Values are nested more than {0} deep here.', MAX_DEPTH), line);
}

type Place = (code: ProblemCode, message: string, at: [number, number]) => Problem;

function refuseNodes(doc: Document.Parsed, place: Place): Problem[] {
  const problems: Problem[] = [];
  let aliases = 0;
  visit(doc, {
    Alias(_key, node) {
      aliases += 1;
      if (aliases === MAX_ALIASES + 1)
        problems.push(
          place(
            'yaml.alias',
            l10n.t('More than {0} aliases; write the values out.', MAX_ALIASES),
            span(node),
          ),
        );
    },
    Node(_key, node) {
      if (!isAlias(node) && node.tag && !PLAIN_TAGS.test(node.tag))
        problems.push(
          place('yaml.tag', l10n.t('The tag {0} is not allowed; write a plain value.', node.tag), span(node)),
        );
    },
    Pair(_key, pair) {
      if (isScalar(pair.key) && FORBIDDEN.has(String(pair.key.value)))
        problems.push(
          place(
            'yaml.forbidden-key',
            l10n.t('The key "{0}" is not allowed.', String(pair.key.value)),
            span(pair.key),
          ),
        );
    },
  });
  return problems;
}

function span(node: Node): [number, number] {
  const range = node.range;
  return range ? [range[0], range[1]] : [0, 1];
}

function locate(doc: Document.Parsed, path: Path, part: 'key' | 'value'): [number, number] {
  let node: unknown = doc.contents;
  let best: [number, number] = isNode(node) && node.range ? [node.range[0], node.range[0] + 1] : [0, 1];
  for (const [at, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(doc);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!isPair(pair)) return best;
      const key = isNode(pair.key) ? span(pair.key) : best;
      const value = isNode(pair.value) && pair.value.range ? span(pair.value) : key;
      const last = at === path.length - 1;
      best = last && part === 'value' ? value : key;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      const item: unknown = node.items[step];
      if (!isNode(item)) return best;
      best = span(item);
      node = item;
    } else return best;
  }
  return best;
}
