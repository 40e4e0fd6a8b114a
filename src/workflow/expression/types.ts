import { suggestion } from '../source/nearest.js';
import type { BinaryOp, Expression, Fault, TypeName, Value } from './ast.js';
import { functions } from './functions.js';

/** The type of a dotted name, or the names that could have stood in place of its unknown part. */
export type NameType = { type: TypeName } | { unknown: string; known: string[] };
export type Scope = (parts: string[]) => NameType;

/** The type an expression gives, with every fault in it. */
export function typeOf(expression: Expression, scope: Scope): { type: TypeName; faults: Fault[] } {
  const faults: Fault[] = [];
  return { type: check(expression, scope, faults), faults };
}

export function typeOfValue(value: Value): TypeName {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'list';
  const names = { number: 'number', string: 'text', boolean: 'yes-no' } as const;
  return names[typeof value as keyof typeof names] ?? 'anything';
}

function check(node: Expression, scope: Scope, faults: Fault[]): TypeName {
  const { start, end } = node;
  const wrong = (message: string, at: Expression = node) =>
    faults.push({ kind: 'type', message, start: at.start, end: at.end });
  switch (node.is) {
    case 'literal':
      return typeOfValue(node.value);
    case 'list':
      for (const item of node.items) check(item, scope, faults);
      return 'list';
    case 'name': {
      const found = scope(node.parts);
      if ('type' in found) return found.type;
      const message = `Nothing here is called "${found.unknown}".${suggestion(found.unknown.split('.').at(-1)!, found.known)}`;
      faults.push({ kind: 'unknown-name', message, start, end });
      return 'anything';
    }
    case 'call': {
      const types = node.args.map((arg) => check(arg, scope, faults));
      const known = functions[node.name];
      if (!known || !Object.hasOwn(functions, node.name)) {
        const message = `There is no function "${node.name}".${suggestion(node.name, Object.keys(functions))}`;
        faults.push({ kind: 'unknown-name', message, start, end });
        return 'anything';
      }
      if (types.length !== known.takes.length)
        wrong(
          `${node.name}() takes ${known.takes.length} value${known.takes.length === 1 ? '' : 's'}, not ${types.length}.`,
        );
      for (const [at, type] of types.entries()) {
        const wanted = known.takes[at];
        if (wanted && !fits(type, wanted))
          wrong(`${node.name}() takes a ${wanted} here, not a ${type}.`, node.args[at]);
      }
      return known.gives;
    }
    case 'not':
      expectType(check(node.of, scope, faults), 'yes-no', node.of, '"not"', wrong);
      return 'yes-no';
    case 'minus':
      expectType(check(node.of, scope, faults), 'number', node.of, '"-"', wrong);
      return 'number';
    case 'binary':
      return binary(
        node.op,
        node.left,
        node.right,
        [check(node.left, scope, faults), check(node.right, scope, faults)],
        wrong,
      );
  }
}

type Wrong = (message: string, at?: Expression) => void;

function fits(type: TypeName, wanted: TypeName): boolean {
  return type === wanted || type === 'anything' || wanted === 'anything';
}

function expectType(type: TypeName, wanted: TypeName, at: Expression, who: string, wrong: Wrong): void {
  if (!fits(type, wanted)) wrong(`${who} needs a ${wanted}, and this is a ${type}.`, at);
}

function binary(
  op: BinaryOp,
  left: Expression,
  right: Expression,
  [a, b]: [TypeName, TypeName],
  wrong: Wrong,
): TypeName {
  switch (op) {
    case 'and':
    case 'or':
      expectType(a, 'yes-no', left, `"${op}"`, wrong);
      expectType(b, 'yes-no', right, `"${op}"`, wrong);
      return 'yes-no';
    case 'in':
    case 'not in':
      if (b !== 'anything' && b !== 'list' && b !== 'text')
        wrong(`"${op}" looks into a list or a text, and this is a ${b}.`, right);
      return 'yes-no';
    case '==':
    case '!=':
      if (a !== 'nothing' && b !== 'nothing' && !fits(a, b)) wrong(`A ${a} never equals a ${b}.`);
      return 'yes-no';
    case '<':
    case '<=':
    case '>':
    case '>=':
      if (!fits(a, 'number') && !fits(a, 'text'))
        wrong(`"${op}" compares numbers or texts, and this is a ${a}.`, left);
      else if (!fits(a, b)) wrong(`"${op}" cannot compare a ${a} with a ${b}.`);
      return 'yes-no';
    case '+':
      if (a === b && (a === 'text' || a === 'list')) return a;
      break;
    default:
      break;
  }
  expectType(a, 'number', left, `"${op}"`, wrong);
  expectType(b, 'number', right, `"${op}"`, wrong);
  return 'number';
}
