import * as l10n from '@vscode/l10n';
import { insteadOf, suggestion } from '../source/nearest.js';
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

/** A type as a sentence names it. */
export function typeWords(type: TypeName): string {
  switch (type) {
    case 'number':
      return l10n.t('number');
    case 'text':
      return l10n.t('text');
    case 'yes-no':
      return l10n.t('yes-no');
    case 'list':
      return l10n.t('list');
    case 'nothing':
      return l10n.t('nothing');
    case 'anything':
      return l10n.t('anything');
  }
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
      const last = found.unknown.split('.').at(-1)!;
      const message = l10n.t('Nothing here is called "{0}".', found.unknown) + suggestion(last, found.known);
      const instead = insteadOf(found.unknown, found.known);
      faults.push({ kind: 'unknown-name', message, start, end, ...(instead ? { instead } : {}) });
      return 'anything';
    }
    case 'call': {
      const types = node.args.map((arg) => check(arg, scope, faults));
      const known = functions[node.name];
      if (!known || !Object.hasOwn(functions, node.name)) {
        const names = Object.keys(functions);
        const message = l10n.t('There is no function "{0}".', node.name) + suggestion(node.name, names);
        const instead = insteadOf(node.name, names);
        faults.push({ kind: 'unknown-name', message, start, end, ...(instead ? { instead } : {}) });
        return 'anything';
      }
      if (types.length !== known.takes.length)
        wrong(
          known.takes.length === 1
            ? l10n.t('{0}() takes 1 value, not {1}.', node.name, types.length)
            : l10n.t('{0}() takes {1} values, not {2}.', node.name, known.takes.length, types.length),
        );
      for (const [at, type] of types.entries()) {
        const wanted = known.takes[at];
        if (wanted && !fits(type, wanted))
          wrong(
            l10n.t('{0}() takes a {1} here, not a {2}.', node.name, typeWords(wanted), typeWords(type)),
            node.args[at],
          );
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
  if (!fits(type, wanted))
    wrong(l10n.t('{0} needs a {1}, and this is a {2}.', who, typeWords(wanted), typeWords(type)), at);
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
        wrong(l10n.t('"{0}" looks into a list or a text, and this is a {1}.', op, typeWords(b)), right);
      return 'yes-no';
    case '==':
    case '!=':
      if (a !== 'nothing' && b !== 'nothing' && !fits(a, b))
        wrong(l10n.t('A {0} never equals a {1}.', typeWords(a), typeWords(b)));
      return 'yes-no';
    case '<':
    case '<=':
    case '>':
    case '>=':
      if (!fits(a, 'number') && !fits(a, 'text'))
        wrong(l10n.t('"{0}" compares numbers or texts, and this is a {1}.', op, typeWords(a)), left);
      else if (!fits(a, b))
        wrong(l10n.t('"{0}" cannot compare a {1} with a {2}.', op, typeWords(a), typeWords(b)));
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
