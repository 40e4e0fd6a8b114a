/** What an expression can compute with. `null` is a fact that is known to be empty. */
export type Value = number | string | boolean | null | Value[] | { [key: string]: Value };

export type TypeName = 'number' | 'text' | 'yes-no' | 'list' | 'nothing' | 'anything';

/** A node; `start` and `end` are offsets in the expression's text. */
export type Expression = { start: number; end: number } & (
  | { is: 'literal'; value: Value }
  | { is: 'list'; items: Expression[] }
  | { is: 'name'; parts: string[] }
  | { is: 'call'; name: string; args: Expression[] }
  | { is: 'not'; of: Expression }
  | { is: 'minus'; of: Expression }
  | { is: 'binary'; op: BinaryOp; left: Expression; right: Expression }
);

export type BinaryOp =
  | 'or'
  | 'and'
  | 'in'
  | 'not in'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '%';

/** A name that nothing has, dotted where it is, and the one that was probably meant. */
export interface Instead {
  written: string;
  meant: string;
}

/** A fault in an expression; offsets are relative to its text. */
export interface Fault {
  kind: 'syntax' | 'type' | 'unknown-name';
  message: string;
  /** What was written, and what stands there instead where it was a slip of the pen. */
  instead?: Instead;
  start: number;
  end: number;
}

/** A dotted name that an expression reads, and where it starts in the expression's text. */
export interface NameUse {
  parts: string[];
  start: number;
}

/** All dotted names that an expression reads, in order. */
export function namesIn(expression: Expression): NameUse[] {
  switch (expression.is) {
    case 'literal':
      return [];
    case 'name':
      return [{ parts: expression.parts, start: expression.start }];
    case 'list':
      return expression.items.flatMap(namesIn);
    case 'call':
      return expression.args.flatMap(namesIn);
    case 'not':
    case 'minus':
      return namesIn(expression.of);
    case 'binary':
      return [...namesIn(expression.left), ...namesIn(expression.right)];
  }
}
