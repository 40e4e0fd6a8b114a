import type { BinaryOp, Expression, Value } from './ast.js';
import { functions } from './functions.js';

/** Gives the value of a dotted name, or undefined where nothing has it. */
export type Lookup = (parts: string[]) => Value | undefined;

/** A value, or the dotted name that nothing has (so the expression has no answer). */
export type Evaluated = { value: Value } | { unknown: string };

/** Compute an expression. A name without a value makes the whole answer unknown, unless `and`/`or` decide without it. */
export function evaluate(expression: Expression, lookup: Lookup): Evaluated {
  switch (expression.is) {
    case 'literal':
      return { value: expression.value };
    case 'name': {
      const value = lookup(expression.parts);
      return value === undefined ? { unknown: expression.parts.join('.') } : { value };
    }
    case 'list':
      return all(expression.items, lookup, (items) => items);
    case 'call':
      if (!Object.hasOwn(functions, expression.name)) return { unknown: `${expression.name}()` };
      return all(expression.args, lookup, (args) => functions[expression.name]!.run(...args));
    case 'not':
      return all([expression.of], lookup, ([of]) => !truth(of!));
    case 'minus':
      return all([expression.of], lookup, ([of]) => -asNumber(of!));
    case 'binary':
      return binary(expression.op, expression.left, expression.right, lookup);
  }
}

/** Whether a condition is true; one without an answer is not. */
export function holds(condition: Expression, lookup: Lookup): boolean {
  const answer = evaluate(condition, lookup);
  return 'value' in answer && truth(answer.value);
}

export function truth(value: Value): boolean {
  return value === true || (typeof value === 'number' && value !== 0);
}

function all(parts: Expression[], lookup: Lookup, then: (values: Value[]) => Value): Evaluated {
  const values: Value[] = [];
  for (const part of parts) {
    const answer = evaluate(part, lookup);
    if ('unknown' in answer) return answer;
    values.push(answer.value);
  }
  return { value: then(values) };
}

function binary(op: BinaryOp, left: Expression, right: Expression, lookup: Lookup): Evaluated {
  if (op === 'and' || op === 'or') {
    const decides = op === 'or';
    const a = evaluate(left, lookup);
    if ('value' in a && truth(a.value) === decides) return { value: decides };
    const b = evaluate(right, lookup);
    if ('value' in b && truth(b.value) === decides) return { value: decides };
    return 'unknown' in a ? a : 'unknown' in b ? b : { value: !decides };
  }
  return all([left, right], lookup, ([a, b]) => apply(op, a!, b!));
}

function apply(op: Exclude<BinaryOp, 'and' | 'or'>, a: Value, b: Value): Value {
  switch (op) {
    case '==':
      return same(a, b);
    case '!=':
      return !same(a, b);
    case 'in':
      return has(b, a);
    case 'not in':
      return !has(b, a);
    case '<':
      return ordered(a, b, (x, y) => x < y);
    case '<=':
      return ordered(a, b, (x, y) => x <= y);
    case '>':
      return ordered(a, b, (x, y) => x > y);
    case '>=':
      return ordered(a, b, (x, y) => x >= y);
    case '+':
      if (typeof a === 'string' && typeof b === 'string') return a + b;
      return Array.isArray(a) && Array.isArray(b) ? [...a, ...b] : asNumber(a) + asNumber(b);
    case '-':
      return asNumber(a) - asNumber(b);
    case '*':
      return asNumber(a) * asNumber(b);
    case '/':
      return asNumber(a) / asNumber(b);
    case '%':
      return asNumber(a) % asNumber(b);
  }
}

function ordered(a: Value, b: Value, test: (x: number | string, y: number | string) => boolean): boolean {
  if (typeof a === 'number' && typeof b === 'number') return test(a, b);
  return typeof a === 'string' && typeof b === 'string' && test(a, b);
}

function asNumber(value: Value): number {
  return typeof value === 'number' ? value : Number.NaN;
}

function has(group: Value, item: Value): boolean {
  if (Array.isArray(group)) return group.some((each) => same(each, item));
  if (typeof group === 'string') return typeof item === 'string' && group.includes(item);
  return (
    group !== null && typeof group === 'object' && typeof item === 'string' && Object.hasOwn(group, item)
  );
}

function same(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, at) => same(item, b[at]!));
  if (
    a === null ||
    b === null ||
    typeof a !== 'object' ||
    typeof b !== 'object' ||
    Array.isArray(a) ||
    Array.isArray(b)
  )
    return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key]!, b[key]!))
  );
}
