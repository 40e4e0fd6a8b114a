import { isScalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { commentsOf } from './comments.js';
import { block, inline } from './render.js';
import type { TextEdit } from './text-edit.js';

/** Append a pair to a mapping (or an item to a list, without a key), in the style of what is there. */
export function insertInto(
  parent: YAMLMap | YAMLSeq,
  text: string,
  key: string | undefined,
  value: unknown,
): TextEdit | null {
  if (!parent.range) return null;
  const [start, end] = parent.range;
  const here = (at: number, written: string): TextEdit => ({ file: null, start: at, end: at, text: written });
  if (parent.flow) {
    const close = end - 1;
    const body = text.slice(start + 1, contentEnd(text, start + 1, close));
    const at = start + 1 + body.length;
    const piece = key === undefined ? inline(value) : `${inline(key)}: ${inline(value)}`;
    const comma = body === '' || body.endsWith(',') ? '' : ', ';
    return here(at, comma + piece);
  }
  const indent = columnOf(text, start);
  if (
    text.slice(start - indent, start).trim() !== '' &&
    key !== undefined &&
    !startsItem(text, start, indent)
  )
    return null;
  const at = endOfLine(text, lastContent(parent, text));
  const eol = lineEndOf(text);
  return here(at, `${eol}${' '.repeat(indent)}${block(key, value, indent).replaceAll('\n', eol)}`);
}

/** Where what is neither blank nor a comment ends between two offsets. */
function contentEnd(text: string, start: number, end: number): number {
  const comments = text.slice(start, end).includes('#') ? commentsOf(text) : [];
  let at = end;
  for (;;) {
    at = start + text.slice(start, at).trimEnd().length;
    const last = comments.find((comment) => comment[0] >= start && comment[1] === at);
    if (!last) return at;
    at = last[0];
  }
}

function startsItem(text: string, start: number, indent: number): boolean {
  return /^[\s-]*$/.test(text.slice(start - indent, start));
}

/** The offset after the last character of a collection that is neither blank nor a comment. */
export function lastContent(node: unknown, text: string): number {
  const inner = node as { items?: unknown[]; range?: readonly number[]; flow?: boolean } | null;
  if (inner?.items && !inner.flow && inner.items.length > 0) {
    const last = inner.items.at(-1) as { key?: unknown; value?: unknown };
    if (last && 'value' in last && 'key' in last && !isScalar(last)) {
      const value = last.value as { range?: readonly number[] } | null;
      const key = last.key as { range?: readonly number[] };
      if (value?.range && value.range[1]! > value.range[0]!) return lastContent(value, text);
      return text.indexOf(':', key.range![1]!) + 1;
    }
    return lastContent(last, text);
  }
  let end = inner?.range?.[1] ?? 0;
  while (end > 0 && /\s/.test(text[end - 1]!)) end -= 1;
  return end;
}

/** How the lines of a text end. */
export const lineEndOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

export function columnOf(text: string, at: number): number {
  return at - (text.lastIndexOf('\n', at - 1) + 1);
}

export function endOfLine(text: string, at: number): number {
  const next = text.indexOf('\n', at);
  const end = next < 0 ? text.length : next;
  return text[end - 1] === '\r' ? end - 1 : end;
}
