import { Lexer } from 'yaml';

/** What the lexer says of the tokens that follow, itself no part of the text. */
const MARKS = ['\x02', '\x18', '\x1f'];

/** Where the comments of a YAML text stand; a `#` inside of a string begins none. */
export function commentsOf(text: string): [start: number, end: number][] {
  const found: [number, number][] = [];
  let at = 0;
  let isScalar = false;
  for (const token of new Lexer().lex(text)) {
    if (token.startsWith('#') && !isScalar) found.push([at, at + token.length]);
    isScalar = token === '\x1f';
    if (!MARKS.includes(token)) at += token.length;
  }
  return found;
}

export function hasComment(text: string, start: number, end: number): boolean {
  return text.slice(start, end).includes('#') && commentsOf(text).some(([at]) => at >= start && at < end);
}
