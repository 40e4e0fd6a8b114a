import { isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from 'yaml';
import { isFault, namesIn, parseExpression } from '../expression/index.js';
import { factTypes } from '../facts.js';
import type { WorkflowFiles } from '../files.js';
import { artifactKinds } from '../schema.js';
import type { Source } from '../source/source.js';
import { holes } from '../template.js';
import { expectedIn } from './expected.js';
import { type Place, wholeScalar, wordInScalar } from './words.js';

export type NameKind = 'role' | 'artifact' | 'model';

/** One mention of a name: where it is declared or used. `file` is null for the workflow file itself. */
export interface Mention extends Place {
  kind: NameKind;
  name: string;
  is: 'declaration' | 'use';
  file: string | null;
}

/**
 * Every mention of a role, an artifact or a model: declarations, lists, the flow, expressions, and prompts (in the
 * file and in the files it names). Works on half-written files too: what does not have the right shape is passed over.
 * `tasks`: what the files of tasks expect as well; there may be thousands of them.
 */
export function mentions(source: Source, files?: WorkflowFiles, tasks = false): Mention[] {
  return new Walk(source, files).all(tasks);
}

class Walk {
  private readonly found: Mention[] = [];
  private readonly seen = new Set<string>();
  private readonly artifacts: Set<string>;
  constructor(
    private readonly source: Source,
    private readonly files: WorkflowFiles | undefined,
  ) {
    this.artifacts = new Set(this.entries(this.at('artifacts')).map(([key]) => String(key.value)));
  }

  all(tasks: boolean): Mention[] {
    for (const [key] of this.entries(this.at('models'))) this.add('model', 'declaration', key);
    for (const [key, artifact] of this.entries(this.at('artifacts'))) this.artifact(key, artifact);
    for (const [key, agent] of this.entries(this.at('agents'))) this.agent(key, agent);
    this.add('model', 'use', this.at('defaults', 'model'));
    this.flow(this.at('flow'));
    this.expression(this.at('outcome', 'success'));
    for (const [, metric] of this.entries(this.at('outcome', 'metrics'))) {
      this.expression(this.child(metric, 'when'));
      this.expression(this.child(metric, 'fallback'));
      this.add('artifact', 'use', this.child(metric, 'artifact'));
    }
    this.add('model', 'use', this.at('coach', 'model'));
    this.texts(this.at('coach', 'rubric'));
    for (const role of this.items(this.at('coach', 'sees_ground_truth'))) this.add('role', 'use', role);
    this.expectations(tasks);
    return this.found.sort((a, b) => (a.file ?? '').localeCompare(b.file ?? '') || a.start - b.start);
  }

  private artifact(key: Scalar, node: unknown): void {
    this.add('artifact', 'declaration', key);
    const kind = this.child(node, 'kind');
    const known = artifactKinds.find((name) => isScalar(kind) && kind.value === name) ?? 'file';
    const own = new Set(Object.keys(factTypes(known)));
    for (const check of this.items(this.child(node, 'checks')))
      this.expression(isMap(check) ? this.child(check, 'check') : check, own);
    this.add('artifact', 'use', this.child(this.child(node, 'encoded_from'), 'beside'));
    for (const part of ['model', 'rows'])
      this.add('artifact', 'use', this.child(this.child(node, 'predicted_by'), part));
  }

  private agent(key: Scalar, node: unknown): void {
    this.add('role', 'declaration', key);
    for (const list of ['consumes', 'produces'])
      for (const item of this.items(this.child(node, list))) this.add('artifact', 'use', item);
    this.add('model', 'use', this.child(node, 'model'));
    this.texts(this.child(node, 'prompt'));
    this.texts(this.child(node, 'instructions'));
  }

  private flow(node: unknown): void {
    for (const step of this.items(node)) {
      if (isScalar(step)) this.add('role', 'use', step);
      this.flow(this.child(step, 'parallel'));
      this.flow(this.child(step, 'sequence'));
      const repeat = this.child(step, 'repeat');
      this.flow(this.child(repeat, 'do'));
      this.expression(this.child(repeat, 'until'));
    }
  }

  /** What tasks expect, here and in the files that hold them. */
  private expectations(files: boolean): void {
    for (const task of this.items(this.at('tasks'))) this.expression(this.child(task, 'expect'));
    if (!files) return;
    const from = this.at('tasks', 'from');
    const patterns = isScalar(from) ? [from] : this.items(from);
    for (const pattern of patterns) {
      const paths =
        isScalar(pattern) && typeof pattern.value === 'string' ? this.files?.list(pattern.value) : [];
      for (const path of paths ?? []) this.expectationsOf(path);
    }
  }

  private expectationsOf(path: string): void {
    const read = this.files?.read(path);
    if (!read || !('text' in read)) return;
    for (const { expression, place } of expectedIn(path, read.text))
      for (const { name, start } of artifactNames(expression, new Set()))
        this.push('artifact', 'use', name, path, place(start));
  }

  /** Artifacts named in an expression; inside a contract the artifact's own facts go first. */
  private expression(node: unknown, own = new Set<string>()): void {
    if (!isScalar(node) || typeof node.value !== 'string') return;
    for (const { name, start } of artifactNames(node.value, own))
      this.push('artifact', 'use', name, null, wordInScalar(node, this.source.text, start));
  }

  /** Artifacts named in the holes of a prompt, written here or in a file. */
  private texts(node: unknown): void {
    if (isScalar(node) && typeof node.value === 'string') {
      for (const { name, start } of templateNames(node.value))
        this.push('artifact', 'use', name, null, wordInScalar(node, this.source.text, start));
      return;
    }
    const file = this.child(node, 'file');
    if (!isScalar(file) || typeof file.value !== 'string') return;
    const path = file.value;
    const read = this.files?.read(path);
    if (!read || !('text' in read)) return;
    for (const { name, start } of templateNames(read.text))
      this.push('artifact', 'use', name, path, { start, end: start + name.length });
  }

  private add(kind: NameKind, is: Mention['is'], node: unknown): void {
    if (!isScalar(node) || typeof node.value !== 'string') return;
    const place = wholeScalar(node, this.source.text);
    this.push(kind, is, node.value, null, place, true);
  }

  private push(
    kind: NameKind,
    is: Mention['is'],
    name: string,
    file: string | null,
    place: Place | undefined,
    listed = false,
  ): void {
    if (!place || (!listed && !this.artifacts.has(name))) return;
    const key = `${kind} ${file} ${place.start}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    this.found.push({ kind, is, name, file, ...place });
  }

  private at(...path: string[]): unknown {
    let node: unknown = this.source.doc.contents;
    for (const key of path) node = this.child(node, key);
    return this.real(node);
  }

  private child(node: unknown, key: string): unknown {
    const map = this.real(node);
    return isMap(map) ? this.real((map as YAMLMap).get(key, true)) : undefined;
  }

  private items(node: unknown): unknown[] {
    const list = this.real(node);
    return isSeq(list) ? list.items.map((item) => this.real(item)) : [];
  }

  private entries(node: unknown): [Scalar, unknown][] {
    const map = this.real(node);
    if (!isMap(map)) return [];
    return map.items.flatMap(({ key, value }): [Scalar, unknown][] =>
      isScalar(key) ? [[key, this.real(value)]] : [],
    );
  }

  /** The node behind an alias. */
  private real(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.source.doc) : node;
  }
}

interface Named {
  name: string;
  start: number;
}

function artifactNames(text: string, own: ReadonlySet<string>): Named[] {
  const tree = parseExpression(text);
  if (isFault(tree)) return [];
  return namesIn(tree)
    .map(({ parts, start }) => ({ name: parts[0]!, start }))
    .filter(({ name }) => name !== 'task' && !own.has(name));
}

function templateNames(text: string): Named[] {
  return holes(text).flatMap(({ inner, start }) =>
    artifactNames(inner, new Set()).map((named) => ({ ...named, start: named.start + start })),
  );
}
