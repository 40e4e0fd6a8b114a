import {
  type Expression,
  evaluate,
  holds,
  type Lookup,
  namesIn,
  truth,
  type Value,
} from './expression/index.js';
import { type Facts, JSON_LIMIT } from './facts.js';
import type { FailureCode } from './failures.js';
import { jsonFault, schemaFault } from './json-schema.js';
import type { Artifact, Checked } from './model.js';
import type { Task } from './tasks/task.js';

/** One way in which an artifact breaks its contract. */
export interface Breach {
  artifact: string;
  code: FailureCode;
  /** A sentence with the facts in it. */
  message: string;
  /** The check that does not hold, as it is written. */
  check: string | null;
}

export type FactsByArtifact = Record<string, Facts>;

/** Whether each artifact keeps its contract, given the facts that are known. Pure. */
export function breaches(artifact: Artifact, facts: FactsByArtifact, task: Task): Breach[] {
  const own = facts[artifact.name];
  const breach = (code: FailureCode, message: string, check: string | null = null): Breach => ({
    artifact: artifact.name,
    code,
    message,
    check,
  });
  const where = artifact.path ?? artifact.name;
  const problem = typeof own?.problem === 'string' ? own.problem : null;
  // What is there and is no plain data (a link, a device) is refused: it counts as not there, with a problem.
  if (!own?.exists)
    return [
      problem
        ? breach('artifact.unsafe', `${where}: ${problem}`)
        : breach('artifact.missing', `${where} is missing`),
    ];
  if (problem) return [breach('artifact.unreadable', `${where}: ${problem}`)];
  const large = artifact.kind === 'json' && own.value === null && Number(own.bytes) > JSON_LIMIT;
  if (large && looksInside(artifact))
    return [
      breach(
        'artifact.unreadable',
        `${where}: it is larger than ${JSON_LIMIT / 1024} KB, so what it holds cannot be checked`,
      ),
    ];
  const found = schemaBreach(artifact, own);
  if (found) return [breach('schema.mismatch', `${where} does not match its schema: ${found}`)];
  const lookup = lookupFacts(facts, task, artifact.name);
  return artifact.checks.flatMap((check) => {
    const answer = evaluate(check.expression, lookup);
    // Another artifact that is not there, or holds something else, is its producer's breach, not this one's.
    const isOwn = 'unknown' in answer && [VALUE, artifact.name].includes(answer.unknown.split('.')[0]!);
    if ('unknown' in answer ? !isOwn : truth(answer.value)) return [];
    const why = 'unknown' in answer ? ` (there is no ${answer.unknown})` : seen(check, lookup);
    const said = check.says ?? `"${check.text}" does not hold${why}`;
    return [breach(check.code ?? 'contract.broken', `${where}: ${said}`, check.text)];
  });
}

/** Facts with `valid` filled in for every artifact, and every breach. */
export function judgeContracts(
  artifacts: readonly Artifact[],
  facts: FactsByArtifact,
  task: Task,
): { facts: FactsByArtifact; breaches: Breach[] } {
  const found = artifacts.flatMap((artifact) => breaches(artifact, facts, task));
  const broken = new Set(found.map((breach) => breach.artifact));
  const judged = artifacts.map((artifact): [string, Facts] => {
    const known = facts[artifact.name] ?? { exists: false };
    return [artifact.name, { ...known, valid: !broken.has(artifact.name) }];
  });
  return { facts: { ...facts, ...Object.fromEntries(judged) }, breaches: found };
}

/** Look names up in facts and the task; inside a contract the artifact's own facts need no prefix. */
export function lookupFacts(
  facts: FactsByArtifact,
  task: Pick<Task, 'fields' | 'id' | 'prompt' | 'stratum' | 'split'>,
  own?: string,
): Lookup {
  const builtIn: Record<string, Value> = {
    id: task.id,
    prompt: task.prompt,
    stratum: task.stratum,
    split: task.split,
  };
  return (parts) => {
    const [first, ...rest] = parts as [string, ...string[]];
    if (first === 'task') return dig({ ...builtIn, ...task.fields }, rest);
    if (own !== undefined) {
      const value = dig(facts[own] as Value, parts);
      if (value !== undefined) return value;
    }
    return Object.hasOwn(facts, first) ? dig(facts[first] as Value, rest) : undefined;
  };
}

function dig(from: Value | undefined, parts: string[]): Value | undefined {
  let at: Value | undefined = from;
  for (const part of parts) {
    if (at === null || typeof at !== 'object' || Array.isArray(at) || !Object.hasOwn(at, part))
      return undefined;
    at = at[part];
  }
  return at;
}

/** The name that what a JSON file holds has in its checks. */
const VALUE = 'value';

/** Whether a contract asks for what a JSON file holds. */
function looksInside({ name, schema, checks }: Artifact): boolean {
  const names = checks.flatMap(({ expression }) => namesIn(expression).map(({ parts }) => parts));
  return (
    schema !== null ||
    names.some(([first, second]) => first === VALUE || (first === name && second === VALUE))
  );
}

/** The part of a condition that makes it false: of what `and` joins the first that does not hold. */
function failing(condition: Expression, lookup: Lookup): Expression {
  if (condition.is !== 'binary' || condition.op !== 'and') return condition;
  const { left, right } = condition;
  return failing(holds(left, lookup) ? right : left, lookup);
}

/** The part that makes a condition false: its text, and what it names. */
export function failingPart(
  { text, expression }: Checked,
  lookup: Lookup,
): { text: string; names: string[][] } {
  const part = failing(expression, lookup);
  return { text: text.slice(part.start, part.end), names: namesIn(part).map(({ parts }) => parts) };
}

/** The values behind a check that does not hold: " (rows is 80)". */
function seen(check: Checked, lookup: Lookup): string {
  const match = /^\s*([A-Za-z_][\w.]*)\s*(==|!=|<=?|>=?)/.exec(failingPart(check, lookup).text);
  if (!match) return '';
  const value = lookup(match[1]!.split('.'));
  if (value === undefined) return '';
  const text = JSON.stringify(value);
  return ` (${match[1]} is ${text.length > 80 ? `${text.slice(0, 80)}...` : text})`;
}

function schemaBreach(artifact: Artifact, facts: Facts): string | undefined {
  if (!artifact.schema || artifact.kind !== 'json') return undefined;
  const wrong = schemaFault(artifact.schema);
  return wrong === undefined
    ? jsonFault(artifact.schema, facts.value)
    : `the schema itself is wrong: ${wrong}`;
}
