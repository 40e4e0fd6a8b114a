import type { FactsRequest } from '../sandbox/index.js';
import type { Agent, Artifact, Facts, Workflow } from '../workflow/index.js';

/** The facts to ask the sandbox for after an action of an agent: those of the artifacts it owes. */
export function factRequests(workflow: Workflow, agent: Agent): FactsRequest[] {
  return agent.produces.flatMap((name) => {
    const artifact = workflow.artifacts[name]!;
    return artifact.path === null ? [] : [request(workflow, artifact, artifact.path)];
  });
}

function request(workflow: Workflow, artifact: Artifact, path: string): FactsRequest {
  const { encodedFrom, predictedBy } = artifact;
  const pathOf = (name: string) => workflow.artifacts[name]?.path ?? null;
  const model = predictedBy && pathOf(predictedBy.model);
  const rows = predictedBy && pathOf(predictedBy.rows);
  return {
    name: artifact.name,
    path,
    kind: artifact.kind,
    ...(model && rows ? { predicted_by: { model, rows } } : {}),
    ...(encodedFrom
      ? {
          encoded_from: {
            train: encodedFrom.train,
            test: encodedFrom.test,
            beside: encodedFrom.beside ? pathOf(encodedFrom.beside) : null,
          },
        }
      : {}),
  };
}

const MAX_TEXT = 2000;

/**
 * A number as people write it: 7, -7, 1,234.5, .5, 6e-3. Commas count only between groups of three digits, and a minus
 * only where no digit stands right before it (2-3 is no -3).
 */
const NUMBER =
  /(?:(?<!\d)[-−])?(?:(?<![\d.])\d{1,3}(?:,\d{3})+(?!\d)|\d+|(?<![\w.])(?=\.\d))(?:\.\d+)?(?:e[-+]?\d+\b)?/gi;

/** The facts of a message, from its text: `boxed` is the last \boxed{...}, `number` the last number in it. */
export function messageFacts(text: string): Facts {
  const words = text.trim() === '' ? 0 : text.trim().split(/\s+/).length;
  const number = text.match(NUMBER)?.at(-1);
  const read = number === undefined ? null : Number(number.replaceAll(',', '').replace('−', '-'));
  return {
    exists: text.trim() !== '',
    problem: null,
    bytes: Buffer.byteLength(text),
    sha256: null,
    lines: text === '' ? 0 : text.split('\n').length,
    words,
    text: text.slice(0, MAX_TEXT),
    boxed: lastBoxed(text),
    number: read !== null && Number.isFinite(read) ? read : null,
  };
}

/** What stands in the box that begins last, of those that are closed; braces in it may be nested or escaped. */
function lastBoxed(text: string): string | null {
  const open: (number | null)[] = [];
  let last: { from: number; to: number } | null = null;
  for (const { 0: piece, index } of text.matchAll(/\\boxed\s*\{|\\[\s\S]|[{}]/g)) {
    if (piece === '{') open.push(null);
    else if (piece.startsWith('\\boxed')) open.push(index + piece.length);
    else if (piece === '}') {
      const from = open.pop() ?? null;
      if (from !== null && from >= (last?.from ?? 0)) last = { from, to: index };
    }
  }
  return last ? text.slice(last.from, last.to).trim() : null;
}
