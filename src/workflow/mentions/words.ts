import type { Scalar } from 'yaml';

/** One place of a text, as offsets. */
export interface Place {
  start: number;
  end: number;
}

const WORD = /[A-Za-z_]\w*/g;
const ESCAPE = /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[\s\S])/g;

/** The place of a scalar that is nothing but a name. */
export function wholeScalar(node: Scalar, text: string): Place | undefined {
  if (!node.range) return undefined;
  const [start, end] = node.range;
  const quote = /^["']/.test(text.slice(start, end)) ? 1 : 0;
  return { start: start + quote, end: end - quote };
}

/**
 * The place in the file of one word of a scalar's value, given the word's offset in the value. Folding, quoting and
 * escapes change only what stands between words, so the n-th word of the value is the n-th word of the written text.
 */
export function wordInScalar(node: Scalar, text: string, offset: number): Place | undefined {
  if (!node.range || typeof node.value !== 'string') return undefined;
  const [start, end] = node.range;
  let written = text.slice(start, end);
  if (written.startsWith('"')) written = written.replace(ESCAPE, (hidden) => ' '.repeat(hidden.length));
  const header = /^[|>]/.test(written) ? written.indexOf('\n') + 1 : 0;
  return wordIn(written.slice(header), start + header, node.value, offset);
}

/** The place of the word at an offset of a value, which is written at `start` as `written`. */
export function wordIn(written: string, start: number, value: string, offset: number): Place | undefined {
  const word = /^[A-Za-z_]\w*/.exec(value.slice(offset))?.[0];
  const rank = [...value.slice(0, offset).matchAll(WORD)].length;
  const found = [...written.matchAll(WORD)][rank];
  if (!word || found?.[0] !== word) return undefined;
  const at = start + found.index;
  return { start: at, end: at + word.length };
}
