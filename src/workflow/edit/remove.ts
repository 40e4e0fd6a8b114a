import { type Document, isMap, isScalar, isSeq } from 'yaml';
import type { Path } from '../source/source.js';
import { hasComment } from './comments.js';
import { columnOf, endOfLine, lastContent } from './insert.js';
import { inline } from './render.js';
import type { TextEdit } from './text-edit.js';

/** Take out a key or an item with its own lines; comments above it stay, the one on its line goes with it. */
export function removeFrom(doc: Document.Parsed, text: string, path: Path): TextEdit | null {
  const parent = path.length === 1 ? doc.contents : doc.getIn(path.slice(0, -1), true);
  const step = path.at(-1)!;
  if (!(isMap(parent) || isSeq(parent)) || !parent.range) return null;
  const at = isMap(parent)
    ? parent.items.findIndex(({ key }) => isScalar(key) && String(key.value) === String(step))
    : Number(step);
  if (at < 0 || at >= parent.items.length) return null;
  const [start, end] = parent.range;
  if (parent.items.length === 1)
    return parent.flow || path.length === 1
      ? emptied(text, start, end, isMap(parent))
      : emptiedBlock(doc, text, path.slice(0, -1), isMap(parent));
  const spans = parent.items.map((item) => spanOf(item, text));
  const [from, to] = spans[at]!;
  if (parent.flow) {
    const next = spans[at + 1];
    return next
      ? { file: null, start: from, end: next[0], text: '' }
      : { file: null, start: spans[at - 1]![1], end: to, text: '' };
  }
  const dash = isMap(parent) ? from : text.lastIndexOf('-', from);
  const lineStart = dash - columnOf(text, dash);
  if (text.slice(lineStart, dash).trim() !== '') return null;
  const lineEnd = endOfLine(text, to);
  const newline = text.startsWith('\r\n', lineEnd) ? 2 : text[lineEnd] === '\n' ? 1 : 0;
  return { file: null, start: lineStart, end: lineEnd + newline, text: '' };
}

function emptied(text: string, start: number, end: number, map: boolean): TextEdit | null {
  if (hasComment(text, start, end)) return null;
  return { file: null, start, end, text: inline(map ? {} : []) };
}

/** What stood below a key in its own lines becomes nothing, on the key's line. */
function emptiedBlock(doc: Document.Parsed, text: string, path: Path, map: boolean): TextEdit | null {
  const holder = path.length === 1 ? doc.contents : doc.getIn(path.slice(0, -1), true);
  if (!isMap(holder)) return null;
  const pair = holder.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)));
  const key = pair?.key as { range?: readonly number[] } | undefined;
  const value = pair?.value as { range?: readonly number[] } | undefined;
  if (!key?.range || !value?.range) return null;
  const colon = text.indexOf(':', key.range[1]);
  const end = lastContent(value, text);
  if (colon < 0 || hasComment(text, colon, end)) return null;
  return { file: null, start: colon + 1, end, text: ` ${inline(map ? {} : [])}` };
}

/** From the first character of a key or item to its last. */
function spanOf(item: unknown, text: string): [number, number] {
  const pair = item as { key?: { range: readonly number[] }; value?: { range?: readonly number[] } | null };
  if (pair.key) {
    const value = pair.value;
    const end =
      value?.range && value.range[1]! > value.range[0]! ? lastContent(value, text) : pair.key.range[1]! + 1;
    return [pair.key.range[0]!, end];
  }
  const node = item as { range: readonly number[] };
  return [node.range[0]!, lastContent(node, text)];
}
