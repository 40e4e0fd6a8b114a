import { type Document, isMap, isPair, isScalar, isSeq, type Node, parseDocument, type Scalar } from 'yaml';
import { type Expression, isFault, parseExpression } from '../../workflow/index.js';

export type SymbolKind = 'agent' | 'artifact' | 'model';

/** One place where a role, an artifact or a model is named. Offsets are UTF-16 units of the text. */
export interface Mention {
  kind: SymbolKind;
  name: string;
  start: number;
  end: number;
  /** definition: the key it stands under; produces/consumes: in a role; else any other place. */
  is: 'definition' | 'produces' | 'consumes' | 'reference';
  /** The role whose list or prompt names it, where there is one. */
  by: string | null;
}

export const HOLE = /\{\{([^{}]*)\}\}/g;

/** A YAML document that may be broken: what can be read of it is read. */
export function parseLoosely(text: string): Document {
  return parseDocument(text, { prettyErrors: false, uniqueKeys: false, strict: false, logLevel: 'silent' });
}

/** Every mention in a workflow, in the order of the text. */
export function mentionsIn(text: string, doc: Document = parseLoosely(text)): Mention[] {
  const reader = new Reader(text, doc);
  reader.read();
  return reader.found.sort((a, b) => a.start - b.start);
}

/** Mentions of artifacts in the holes (`{{...}}`) of a prompt. */
export function mentionsInPrompt(text: string, artifacts: ReadonlySet<string>, by: string | null): Mention[] {
  return [...text.matchAll(HOLE)].flatMap((hole) =>
    namesIn(hole[1]!, hole.index + 2, artifacts).map((name) => ({ ...name, kind: 'artifact', is: 'reference', by })),
  );
}

/** First parts of dotted names in an expression that are artifacts, with their places. */
function namesIn(
  expression: string,
  offset: number,
  artifacts: ReadonlySet<string>,
): { name: string; start: number; end: number }[] {
  const lead = expression.length - expression.trimStart().length;
  const parsed = parseExpression(expression.trim());
  if (isFault(parsed)) return [];
  const found: { name: string; start: number; end: number }[] = [];
  walk(parsed, (node) => {
    if (node.is !== 'name') return;
    const name = node.parts[0]!;
    if (!artifacts.has(name)) return;
    const start = offset + lead + node.start;
    found.push({ name, start, end: start + name.length });
  });
  return found;
}

function walk(node: Expression, visit: (node: Expression) => void): void {
  visit(node);
  if (node.is === 'list') for (const item of node.items) walk(item, visit);
  if (node.is === 'call') for (const arg of node.args) walk(arg, visit);
  if (node.is === 'not' || node.is === 'minus') walk(node.of, visit);
  if (node.is === 'binary') {
    walk(node.left, visit);
    walk(node.right, visit);
  }
}

class Reader {
  readonly found: Mention[] = [];
  private readonly artifacts = new Set<string>();

  constructor(
    private readonly text: string,
    private readonly doc: Document,
  ) {}

  read(): void {
    for (const [key] of entries(this.at('artifacts'))) this.artifacts.add(String(key.value));
    for (const [section, kind] of [
      ['agents', 'agent'],
      ['artifacts', 'artifact'],
      ['models', 'model'],
    ] as const)
      for (const [key] of entries(this.at(section))) this.add(key, kind, 'definition');
    for (const [key, value] of entries(this.at('agents'))) this.agent(String(key.value), value);
    for (const [, value] of entries(this.at('artifacts'))) this.artifact(value);
    this.flow(this.at('flow'));
    this.add(get(this.at('defaults'), 'model'), 'model');
    const coach = this.at('coach');
    this.add(get(coach, 'model'), 'model');
    for (const item of items(get(coach, 'sees_ground_truth'))) this.add(item, 'agent');
    const outcome = this.at('outcome');
    this.expression(get(outcome, 'success'), null);
    for (const [, metric] of entries(get(outcome, 'metrics'))) {
      this.add(get(metric, 'artifact'), 'artifact');
      for (const key of ['when', 'fallback']) this.expression(get(metric, key), null);
    }
  }

  private agent(name: string, value: unknown): void {
    this.add(get(value, 'model'), 'model');
    for (const key of ['produces', 'consumes'] as const)
      for (const item of items(get(value, key))) this.add(item, 'artifact', key, name);
    for (const key of ['prompt', 'instructions']) {
      const text = get(value, key);
      const range = isScalar(text) ? text.range : undefined;
      if (!range) continue;
      const written = this.text.slice(range[0], range[1]);
      for (const mention of mentionsInPrompt(written, this.artifacts, name))
        this.found.push({ ...mention, start: mention.start + range[0], end: mention.end + range[0] });
    }
  }

  private artifact(value: unknown): void {
    for (const check of items(get(value, 'checks'))) this.expression(isMap(check) ? get(check, 'check') : check, null);
    const by = get(value, 'predicted_by');
    this.add(get(by, 'model'), 'artifact');
    this.add(get(by, 'rows'), 'artifact');
    this.add(get(get(value, 'encoded_from'), 'beside'), 'artifact');
  }

  private flow(node: unknown): void {
    if (isScalar(node) && node.value !== 'auto') this.add(node, 'agent');
    for (const item of items(node)) this.flow(item);
    if (!isMap(node)) return;
    for (const key of ['parallel', 'sequence', 'do']) this.flow(get(node, key));
    const repeat = get(node, 'repeat');
    this.flow(get(repeat, 'do'));
    this.expression(get(repeat, 'until'), null);
  }

  private expression(node: unknown, by: string | null): void {
    if (!isScalar(node) || typeof node.value !== 'string' || !node.range) return;
    const [start, end] = node.range;
    const written = this.text.slice(start, end);
    const quoted = /^["']/.test(written) ? 1 : 0;
    for (const name of namesIn(written.slice(quoted, written.length - quoted), start + quoted, this.artifacts))
      this.found.push({ ...name, kind: 'artifact', is: 'reference', by });
  }

  private add(node: unknown, kind: SymbolKind, is: Mention['is'] = 'reference', by: string | null = null): void {
    if (!isScalar(node) || typeof node.value !== 'string' || !node.range) return;
    const quoted = /^["']/.test(this.text.slice(node.range[0], node.range[0] + 1)) ? 1 : 0;
    this.found.push({
      kind,
      name: node.value,
      start: node.range[0] + quoted,
      end: node.range[1] - quoted,
      is,
      by,
    });
  }

  private at(key: string): unknown {
    return get(this.doc.contents, key);
  }
}

/** The value under a key of a mapping node; undefined where there is none. */
export function get(node: unknown, key: string): Node | undefined {
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
  return isPair(pair) ? (pair.value as Node | undefined) : undefined;
}

/** Keys and values of a mapping node. */
export function entries(node: unknown): [Scalar, unknown][] {
  if (!isMap(node)) return [];
  return node.items.flatMap((item): [Scalar, unknown][] => (isScalar(item.key) ? [[item.key, item.value]] : []));
}

export function items(node: unknown): unknown[] {
  return isSeq(node) ? node.items : [];
}
