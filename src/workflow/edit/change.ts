import * as l10n from '@vscode/l10n';
import { type Document, isCollection, isMap, isScalar, isSeq, parseDocument, stringify } from 'yaml';
import type { Path } from '../source/source.js';
import { columnOf, insertInto, lineEndOf } from './insert.js';
import { removeFrom } from './remove.js';
import { block, inline } from './render.js';
import { applyEdits, type TextEdit } from './text-edit.js';

/** One change of a YAML text. Paths are keys and indexes from the top. */
export type Change =
  /** Give a key a value; missing mappings on the way are made. `undefined` is not a value: use remove. */
  | { do: 'set'; path: Path; value: unknown }
  /** Append to a list; a missing list is made. */
  | { do: 'add'; path: Path; value: unknown }
  /** Take out a key or an item. Nothing there: nothing changes. */
  | { do: 'remove'; path: Path };

/**
 * The text after the changes, with comments and layout kept around what changed. Where a minimal edit cannot
 * express a change (an alias in the way, an unusual layout) the whole text is written anew by the YAML library, which
 * keeps comments as well. The result is always parsed again and compared with what was wanted.
 */
export function changeText(text: string, changes: readonly Change[]): string {
  return changes.reduce(changeOnce, text);
}

function changeOnce(text: string, change: Change): string {
  const doc = parseDocument(text, { stringKeys: true });
  if (doc.errors.length > 0)
    throw new Error(
      l10n.t('The text is not valid YAML, so nothing was changed: {0}', doc.errors[0]!.message),
    );
  const wanted = parseDocument(text, { stringKeys: true });
  if (!applyTo(wanted, change)) return text;
  const goal = JSON.stringify(wanted.toJS());
  const edit = minimal(doc, text, change);
  if (edit) {
    const next = applyEdits(text, [edit]);
    const check = parseDocument(next, { stringKeys: true });
    if (check.errors.length === 0 && JSON.stringify(check.toJS()) === goal) return next;
  }
  return writtenAnew(wanted, text);
}

/** The whole tree as text, indented as the text was, with the line ends that it had. */
function writtenAnew(doc: Document, text: string): string {
  const indent = /^\S[^\n]*:[ \t]*(?:#[^\n]*)?\r?\n( +)[^\s#]/m.exec(text)?.[1]?.length ?? 2;
  const indentSeq = !/^\S[^\n]*:[ \t]*(?:#[^\n]*)?\r?\n- /m.test(text);
  return doc
    .toString({ lineWidth: 0, flowCollectionPadding: false, indent, indentSeq })
    .replaceAll('\n', lineEndOf(text));
}

/** The change on the library's own tree; false where it changes nothing. */
function applyTo(doc: Document, change: Change): boolean {
  if (change.do === 'remove') return doc.hasIn(change.path) && doc.deleteIn(change.path);
  if (change.do === 'set') {
    // Below a key that has no value yet there is room for a mapping.
    for (let depth = 1; depth < change.path.length; depth++) {
      const above = change.path.slice(0, depth);
      if (doc.getIn(above) === null) doc.setIn(above, doc.createNode({}));
    }
    doc.setIn(change.path, doc.createNode(change.value));
    return true;
  }
  const list = doc.getIn(change.path);
  if (isSeq(list)) list.add(doc.createNode(change.value));
  else doc.setIn(change.path, doc.createNode([change.value]));
  return true;
}

function minimal(doc: Document.Parsed, text: string, change: Change): TextEdit | null {
  if (change.do === 'remove') return removeFrom(doc, text, change.path);
  const value = change.do === 'add' && !isSeq(doc.getIn(change.path)) ? [change.value] : change.value;
  if (change.do === 'add' && value === change.value) {
    const list = doc.getIn(change.path, true);
    return isSeq(list) ? insertInto(list, text, undefined, value) : null;
  }
  const node = doc.getIn(change.path, true);
  if (isScalar(node) && node.range && node.value === null) return fill(node.range, text, inline(value));
  if (isScalar(node) && node.range)
    return (
      (typeof value === 'string' && asBlock(node.range, text, value)) || replace(node.range, text, value)
    );
  if (isCollection(node) && node.range && (node.flow || !isMap(node)))
    return node.flow ? replace(node.range, text, value) : null;
  return node === undefined ? insertAt(doc, text, change.path, value) : null;
}

function replace(range: readonly number[], text: string, value: unknown): TextEdit {
  const [start, end] = range as [number, number];
  const old = text.slice(start, end);
  const isBlock = /^[|>]/.test(old);
  const quote = /^["']/.exec(old)?.[0];
  return {
    file: null,
    start,
    end,
    text: `${inline(value, quote)}${isBlock && old.endsWith('\n') ? '\n' : ''}`,
  };
}

/** A value where there is none yet: behind the colon, or in place of a `null` that is written. */
function fill([start, end]: readonly number[], text: string, value: string): TextEdit {
  const lead = /^\r?\n/.test(value) || text[start! - 1] === ' ' ? '' : ' ';
  return { file: null, start: start!, end: end!, text: `${lead}${value}` };
}

/**
 * Text of several lines as a block of its own: where such a block stands already, and where a text that was on the
 * line of its key now has more lines. Null where it cannot stand as one.
 */
function asBlock([start, end]: readonly number[], text: string, value: string): TextEdit | null {
  const old = text.slice(start, end);
  const isBlock = /^[|>]/.test(old);
  if (!isBlock && !value.includes('\n')) return null;
  const before = text.slice(start! - columnOf(text, start!), start);
  const after = /^[^\r\n]*/.exec(text.slice(end))?.[0] ?? '';
  if (!isBlock && (/[{[]/.test(before) || after.trim() !== '')) return null;
  const inner = isBlock ? /\n( +)\S/.exec(old)?.[1] : undefined;
  const indent = inner?.length ?? (/^[ -]*/.exec(before)?.[0].length ?? 0) + 2;
  const [header, ...lines] = stringify(value, { defaultStringType: 'BLOCK_LITERAL', lineWidth: 0 })
    .replace(/\n$/, '')
    .split('\n');
  if (!/^\|[-+]?$/.test(header!)) return null;
  const body = lines.map((line) => (line === '' ? '' : `${' '.repeat(indent)}${line.replace(/^ {2}/, '')}`));
  const eol = lineEndOf(text);
  const close = old.endsWith('\n') ? eol : '';
  return { file: null, start: start!, end: end!, text: `${[header, ...body].join(eol)}${close}` };
}

/** Insert a missing key: into the deepest mapping there is, what lies below it nested in the value. */
function insertAt(doc: Document.Parsed, text: string, path: Path, value: unknown): TextEdit | null {
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const parent = depth === 0 ? doc.contents : doc.getIn(path.slice(0, depth), true);
    if (parent === undefined || parent === null) continue;
    const nested = path.slice(depth + 1).reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
    if (isScalar(parent) && parent.value === null && parent.range) {
      const at = parent.range[0]!;
      const indent = /^ */.exec(text.slice(at - columnOf(text, at)))![0].length + 2;
      const key = String(path[depth]);
      const lines = `\n${' '.repeat(indent)}${block(key, nested, indent)}`;
      return fill(parent.range, text, lines.replaceAll('\n', lineEndOf(text)));
    }
    if (!isMap(parent)) return null;
    return insertInto(parent, text, String(path[depth]), nested);
  }
  return null;
}
