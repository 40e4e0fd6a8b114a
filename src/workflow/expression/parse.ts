import * as l10n from '@vscode/l10n';
import type { BinaryOp, Expression, Fault } from './ast.js';

interface Token {
  is: 'number' | 'text' | 'name' | 'mark' | 'end';
  text: string;
  start: number;
  end: number;
}

const MAX_LENGTH = 2000;
const MAX_NESTING = 40;
const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([A-Za-z_]\w*)|(==|!=|<=|>=|[-+*/%<>()[\],.]))/y;

/** Binding power of each binary operator; a higher one binds tighter. */
const POWER: Record<BinaryOp, number> = {
  or: 1,
  and: 2,
  in: 4,
  'not in': 4,
  '==': 4,
  '!=': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
};

/** Text to tree, or the first fault. Grammar: comparison, and/or/not/in, arithmetic, dotted names, calls, lists. */
export function parseExpression(text: string): Expression | Fault {
  try {
    if (text.length > MAX_LENGTH)
      throw fault(l10n.t('An expression may have {0} characters.', MAX_LENGTH), 0, text.length);
    const parser = new Parser(tokens(text));
    return parser.whole();
  } catch (error) {
    if (isFault(error)) return error;
    throw error;
  }
}

export function isFault(value: unknown): value is Fault {
  return typeof value === 'object' && value !== null && 'kind' in value && 'message' in value;
}

function fault(message: string, start: number, end: number): Fault {
  return { kind: 'syntax', message, start, end: Math.max(end, start + 1) };
}

function tokens(text: string): Token[] {
  const out: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) {
      const at = from + /^\s*/.exec(text.slice(from))![0].length;
      if (at >= text.length) break;
      throw fault(l10n.t('"{0}" is not part of the expression language.', text[at]!), at, at + 1);
    }
    const [, number, quoted, name, mark] = match;
    const body = number ?? quoted ?? name ?? mark!;
    const end = TOKEN.lastIndex;
    const is = number ? 'number' : quoted ? 'text' : name ? 'name' : 'mark';
    out.push({ is, text: body, start: end - body.length, end });
  }
  out.push({ is: 'end', text: '', start: text.length, end: text.length });
  return out;
}

class Parser {
  private at = 0;
  private depth = 0;
  constructor(private readonly list: Token[]) {}

  whole(): Expression {
    const tree = this.binary(0);
    const rest = this.peek();
    if (rest.is !== 'end')
      throw fault(l10n.t('"{0}" was not expected here.', rest.text), rest.start, rest.end);
    return tree;
  }

  private peek(): Token {
    return this.list[this.at]!;
  }

  private take(): Token {
    return this.list[this.at++]!;
  }

  private accept(text: string): boolean {
    const next = this.peek();
    if ((next.is !== 'mark' && next.is !== 'name') || next.text !== text) return false;
    this.at += 1;
    return true;
  }

  private expect(text: string): Token {
    const next = this.peek();
    if (!this.accept(text)) throw fault(l10n.t('"{0}" is missing here.', text), next.start, next.end);
    return next;
  }

  private operator(): BinaryOp | undefined {
    const next = this.peek();
    if (next.is === 'name' && next.text === 'not') {
      const after = this.list[this.at + 1]!;
      return after.is === 'name' && after.text === 'in' ? 'not in' : undefined;
    }
    if (next.is !== 'mark' && next.is !== 'name') return undefined;
    return Object.hasOwn(POWER, next.text) ? (next.text as BinaryOp) : undefined;
  }

  private binary(least: number): Expression {
    if (++this.depth > MAX_NESTING) {
      const here = this.peek();
      throw fault(l10n.t('The expression is nested more than {0} deep.', MAX_NESTING), here.start, here.end);
    }
    let left = this.unary();
    for (let op = this.operator(); op && POWER[op] > least; op = this.operator()) {
      this.at += op === 'not in' ? 2 : 1;
      const right = this.binary(POWER[op]);
      left = { is: 'binary', op, left, right, start: left.start, end: right.end };
      if (POWER[op] === 4 && this.operator() && POWER[this.operator()!] === 4) {
        const next = this.peek();
        throw fault(l10n.t('Join two comparisons with "and".'), next.start, next.end);
      }
    }
    this.depth -= 1;
    return left;
  }

  private unary(): Expression {
    const next = this.peek();
    if (this.accept('not')) {
      const of = this.binary(3);
      return { is: 'not', of, start: next.start, end: of.end };
    }
    if (this.accept('-')) {
      const of = this.binary(7);
      return { is: 'minus', of, start: next.start, end: of.end };
    }
    return this.primary();
  }

  private primary(): Expression {
    const token = this.take();
    const { start, end, text } = token;
    if (token.is === 'number') return { is: 'literal', value: Number(text), start, end };
    if (token.is === 'text') return { is: 'literal', value: unquote(text), start, end };
    if (token.is === 'name') return this.nameOrCall(token);
    if (token.is === 'mark' && text === '(') {
      const inner = this.binary(0);
      const close = this.expect(')');
      return { ...inner, start, end: close.end };
    }
    if (token.is === 'mark' && text === '[') {
      const items = this.items(']');
      return { is: 'list', items, start, end: this.list[this.at - 1]!.end };
    }
    throw fault(
      token.is === 'end'
        ? l10n.t('The expression ends too early.')
        : l10n.t('"{0}" was not expected here.', text),
      start,
      end,
    );
  }

  private nameOrCall(token: Token): Expression {
    const { start, text } = token;
    const word = WORDS.get(text);
    if (word !== undefined) return { is: 'literal', value: word, start, end: token.end };
    if (Object.hasOwn(POWER, text))
      throw fault(l10n.t('"{0}" needs a value before it.', text), start, token.end);
    if (this.accept('(')) {
      const args = this.items(')');
      return { is: 'call', name: text, args, start, end: this.list[this.at - 1]!.end };
    }
    const parts = [text];
    let end = token.end;
    while (this.accept('.')) {
      const part = this.take();
      if (part.is !== 'name') throw fault(l10n.t('A name is missing after the dot.'), part.start, part.end);
      parts.push(part.text);
      end = part.end;
    }
    return { is: 'name', parts, start, end };
  }

  private items(close: string): Expression[] {
    const items: Expression[] = [];
    if (this.accept(close)) return items;
    do items.push(this.binary(0));
    while (this.accept(','));
    this.expect(close);
    return items;
  }
}

const WORDS = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
}
