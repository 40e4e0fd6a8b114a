import type { FactsRequest } from '../sandbox/index.js';
import type { Agent, Artifact, Facts, Value, Workflow } from '../workflow/index.js';

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

/** The facts of a message, from its text: `boxed` is the last \boxed{...}, `number` the last number in it. */
export function messageFacts(text: string): Facts {
  const words = text.trim() === '' ? 0 : text.trim().split(/\s+/).length;
  const boxed: Value = [...text.matchAll(/\\boxed\{([^{}]*)\}/g)].at(-1)?.[1]?.trim() ?? null;
  const number = [...text.matchAll(/-?\d+(?:\.\d+)?/g)].at(-1)?.[0];
  return {
    exists: text.trim() !== '',
    problem: null,
    bytes: Buffer.byteLength(text),
    sha256: null,
    lines: text === '' ? 0 : text.split('\n').length,
    words,
    text: text.slice(0, MAX_TEXT),
    boxed,
    number: number === undefined ? null : Number(number),
  };
}
