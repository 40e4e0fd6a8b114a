// Reads the small part of Python that table-team's programs use: assignments and nested calls.

export type Expression =
  | { readonly is: 'name'; readonly name: string }
  | { readonly is: 'text'; readonly value: string }
  | { readonly is: 'number'; readonly value: number }
  | { readonly is: 'list'; readonly items: readonly Expression[] }
  | { readonly is: 'call'; readonly name: string; readonly args: readonly Expression[] };

export interface Statement {
  readonly to: string | null;
  readonly value: Expression;
}

/** What Python would print as the last line of its traceback. */
export class ProgramError extends Error {}

const lexeme = /\s*(?:([A-Za-z_]\w*)|("(?:[^"\\]|\\.)*")|(\d+(?:\.\d+)?)|([()[\],=]))/y;

function tokens(line: string): string[] {
  const out: string[] = [];
  lexeme.lastIndex = 0;
  while (lexeme.lastIndex < line.trimEnd().length) {
    const at = lexeme.lastIndex;
    const found = lexeme.exec(line);
    if (found === null) {
      const unterminated = line.slice(at).trimStart().startsWith('"');
      throw new ProgramError(
        unterminated ? 'SyntaxError: unterminated string literal' : 'SyntaxError: invalid syntax',
      );
    }
    out.push(found[0].trim());
  }
  return out;
}

function parse(line: string): Statement {
  const list = tokens(line);
  let at = 0;
  const take = (wanted?: string): string => {
    const token = list[at++];
    if (token === undefined) throw new ProgramError("SyntaxError: '(' was never closed");
    if (wanted !== undefined && token !== wanted) throw new ProgramError('SyntaxError: invalid syntax');
    return token;
  };
  const several = (close: string): Expression[] => {
    const out: Expression[] = [];
    while (list[at] !== close) {
      if (out.length > 0) take(',');
      // A keyword argument is checked as its value: names of settings are the module's business.
      if (/^[A-Za-z_]/.test(list[at] ?? '') && list[at + 1] === '=') at += 2;
      out.push(expression());
    }
    take(close);
    return out;
  };
  const expression = (): Expression => {
    const token = take();
    if (token.startsWith('"')) {
      try {
        return { is: 'text', value: JSON.parse(token) as string };
      } catch {
        throw new ProgramError('SyntaxError: invalid string');
      }
    }
    if (/^\d/.test(token)) return { is: 'number', value: Number(token) };
    if (token === '[') return { is: 'list', items: several(']') };
    if (!/^[A-Za-z_]/.test(token)) throw new ProgramError('SyntaxError: invalid syntax');
    if (list[at] !== '(') return { is: 'name', name: token };
    at++;
    return { is: 'call', name: token, args: several(')') };
  };
  const to = list[1] === '=' ? list[0]! : null;
  if (to !== null) at = 2;
  const value = expression();
  if (at < list.length) throw new ProgramError('SyntaxError: invalid syntax');
  return { to, value };
}

/** The statements of a reply's fenced program. Throws ProgramError as Python would complain. */
export function statements(reply: string): Statement[] {
  const code = /^```python\n([\s\S]*?)\n```$/.exec(reply.trim())?.[1];
  if (code === undefined) throw new ProgramError('the reply holds no python program');
  const [first, ...rest] = code.split('\n');
  const parsed = rest.filter((line) => line.trim() !== '').map(parse);
  if (first !== 'from tab import *') throw new ProgramError("NameError: name 'read' is not defined");
  return parsed;
}
