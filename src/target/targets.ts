// The user's targets: `targets.yaml` beside the user's settings. A workflow or a folder may name one, never define one.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { Document, isMap, isNode, isScalar, parseDocument, visit } from 'yaml';
import type * as z from 'zod';
import { configFolder } from '../policy/index.js';
import { exclusively } from '../trace/index.js';
import { fileSchema, remotePath, type targetSchema } from './declared.js';

export type Target = z.output<typeof targetSchema>;
export type SshTarget = Extract<Target, { kind: 'ssh' }>;
export type RayTarget = Extract<Target, { kind: 'ray' }>;
/** What ssh needs to reach a machine. */
export type SshPlace = Pick<SshTarget, 'host' | 'port' | 'config'>;
export type TargetInput = z.input<typeof targetSchema>;

/** The file or a target in it cannot be used; every problem with its place. */
export class TargetProblem extends Error {
  override name = 'TargetProblem';
}

/** Where the user's targets are. */
export function targetsFile(): string {
  return join(configFolder(), 'targets.yaml');
}

/** Something in the text of targets.yaml that cannot be used. Offsets in UTF-16 units. */
export interface TargetFault {
  message: string;
  start: number;
  end: number;
}

/** The targets of a text, or what is wrong with it and where. */
export function parseTargets(
  text: string,
): { targets: Record<string, Target> } | { faults: [TargetFault, ...TargetFault[]] } {
  const document = parseDocument(text);
  const broken = document.errors[0];
  if (broken) {
    const [start, end] = broken.pos;
    return { faults: [{ message: broken.message.split('\n')[0]!.replace(/:$/, ''), start, end }] };
  }
  const aliases = aliasesIn(document);
  if (aliases[0]) return { faults: [aliases[0], ...aliases.slice(1)] };
  const parsed = fileSchema.safeParse(document.toJS() ?? { targets: {} });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue): TargetFault => {
    const path = issue.path as (string | number)[];
    const key = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    const [start, end] = key === undefined ? rangeAt(document, path) : keyRange(document, path, key);
    const noKind = issue.code === 'invalid_union' && issue.errors.length === 0;
    const message = noKind ? l10n.t('a target is kind: ssh or kind: ray') : issue.message;
    return { message: [path.join('.'), message].filter(Boolean).join(': '), start, end };
  });
  return { faults: faults as [TargetFault, ...TargetFault[]] };
}

function aliasesIn(document: Document): TargetFault[] {
  const found: TargetFault[] = [];
  visit(document, {
    Alias(_key, { source, range }) {
      const message = l10n.t('*{0} stands for what is written elsewhere; write that out here.', source);
      found.push({ message, start: range![0], end: range![1] });
    },
  });
  return found;
}

/** Where the value at a path stands, or the nearest one around it. */
function rangeAt(document: Document, path: readonly (string | number)[]): [number, number] {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return [node.range[0], node.range[1]];
  }
  return [0, 0];
}

function keyRange(document: Document, path: readonly (string | number)[], key: string): [number, number] {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  const found = isMap(map) ? map.items.find((pair) => isScalar(pair.key) && pair.key.value === key) : null;
  return isScalar(found?.key) && found.key.range
    ? [found.key.range[0], found.key.range[1]]
    : rangeAt(document, path);
}

/** All targets of a file; none where there is no file. Throws a TargetProblem. */
export function readTargets(path: string): Record<string, Target> {
  if (!existsSync(path)) return {};
  const text = readFileSync(path, 'utf8');
  const parsed = parseTargets(text);
  if ('targets' in parsed) return parsed.targets;
  const lines = parsed.faults.map(({ message, start }) => {
    const before = text.slice(0, start).split('\n');
    return `${path}:${before.length}:${before.at(-1)!.length + 1}: ${message}`;
  });
  throw new TargetProblem(lines.join('\n'));
}

/** The target of a name. Throws a TargetProblem that lists those there are. */
export function findTarget(path: string, wanted: string): Target {
  const all = readTargets(path);
  const found = Object.hasOwn(all, wanted) ? all[wanted] : undefined;
  if (found) return found;
  const names = Object.keys(all).join(', ') || 'none yet';
  throw new TargetProblem(
    `There is no target "${wanted}" in ${path}; there are: ${names}. Add one with: baton target add ${wanted} --ssh HOST`,
  );
}

/** Names another Node for a target, and keeps the file's comments and the rest of it. Throws a TargetProblem. */
export function setNode(path: string, wanted: string, node: string): void {
  findTarget(path, wanted);
  edit(path, (document) => document.setIn(['targets', wanted, 'node'], remotePath.parse(node)));
}

/** Why a target of this name cannot be; null where it can. */
export function targetProblem(wanted: string, target: TargetInput): string | null {
  const checked = fileSchema.safeParse({ targets: { [wanted]: target } });
  if (checked.success) return null;
  // A key that does not fit is one issue around its own.
  const words = checked.error.issues.flatMap((issue) =>
    issue.code === 'invalid_key' ? issue.issues.map(({ message }) => message) : [issue.message],
  );
  return words.join('\n');
}

/** Adds or replaces a target and keeps the file's comments and the rest of it. Throws a TargetProblem. */
export function addTarget(path: string, wanted: string, target: TargetInput): void {
  const problem = targetProblem(wanted, target);
  if (problem !== null) throw new TargetProblem(problem);
  readTargets(path);
  edit(path, (document) => document.setIn(['targets', wanted], document.createNode(target)));
}

function edit(path: string, change: (document: Document) => void): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  exclusively(path, () => {
    const document: Document = existsSync(path)
      ? parseDocument(readFileSync(path, 'utf8'))
      : new Document({});
    if (!isMap(document.contents)) document.contents = document.createNode({}) as never;
    change(document);
    writeFileSync(`${path}.draft`, document.toString());
    renameSync(`${path}.draft`, path);
  });
}
