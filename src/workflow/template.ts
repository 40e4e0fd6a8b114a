import {
  evaluate,
  type Fault,
  isFault,
  type Lookup,
  parseExpression,
  type Scope,
  typeOf,
  type Value,
} from './expression/index.js';

const HOLE = /\{\{([^{}]*)\}\}/g;

const LOG_HOLE = /\{([^{}]*)\}/g;

/**
 * Fill `{{expression}}` in a prompt. Texts go in as they are, lists and mappings as compact JSON. `unknown` is told each
 * name that nothing has; its hole stays as it is.
 */
export function fillTemplate(text: string, lookup: Lookup, unknown?: (name: string) => void): string {
  return fill(text, HOLE, lookup, unknown);
}

/** Fill `{expression}` in the text of a log point, as `fillTemplate` does. */
export function fillLog(text: string, lookup: Lookup): string {
  return fill(text, LOG_HOLE, lookup);
}

function fill(text: string, hole: RegExp, lookup: Lookup, unknown?: (name: string) => void): string {
  return text.replace(hole, (whole, inner: string) => {
    const expression = parseExpression(inner.trim());
    if (isFault(expression)) return whole;
    const answer = evaluate(expression, lookup);
    if ('value' in answer) return show(answer.value);
    unknown?.(answer.unknown);
    return whole;
  });
}

export function show(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The `{{holes}}` of a template: each expression's text and its offset in the template. */
export function holes(text: string): { inner: string; start: number }[] {
  return [...text.matchAll(HOLE)].map((match) => {
    const inner = match[1]!;
    return { inner: inner.trim(), start: match.index + 2 + (inner.length - inner.trimStart().length) };
  });
}

/** Faults in a template's expressions, with offsets in the template's text. */
export function templateFaults(text: string, scope: Scope): Fault[] {
  return holes(text).flatMap(({ inner, start }) => {
    const expression = parseExpression(inner);
    const faults = isFault(expression) ? [expression] : typeOf(expression, scope).faults;
    return faults.map((fault) => ({ ...fault, start: fault.start + start, end: fault.end + start }));
  });
}
