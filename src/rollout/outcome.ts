import type { Blobs, Outcome, WorkspaceState } from '../trace/index.js';
import {
  agentsIn,
  evaluate,
  type FactsByArtifact,
  failingPart,
  holds,
  isFault,
  lookupFacts,
  type Metric,
  measure,
  parseExpression,
  type Task,
  type Workflow,
} from '../workflow/index.js';

/** How a rollout ended: success as the workflow defines it, and each metric that its task has. Pure but for blobs. */
export function computeOutcome(
  workflow: Workflow,
  task: Task,
  facts: FactsByArtifact,
  state: WorkspaceState,
  blobs: Blobs,
  answers: (name: string | null) => string | null,
): Outcome {
  const lookup = lookupFacts(withAbsent(workflow, facts), task);
  const condition = workflow.outcome.success;
  const broken = Object.values(workflow.artifacts).find(
    ({ name, producer }) => producer !== null && facts[name]?.valid !== true,
  );
  let success = condition ? holds(condition.expression, lookup) : broken === undefined;
  let why: string | null = null;
  let about: string | null = null;
  const fail = (says: string, artifact: string | null) => {
    success = false;
    why = says;
    about = artifact;
  };
  if (!success && condition) {
    const { text, names } = failingPart(condition, lookup);
    fail(`${text} does not hold`, lastOf(names, workflow));
  } else if (!success) fail(`${broken?.name} does not keep its contract`, broken?.name ?? null);
  const { expect } = task;
  if (expect !== null) {
    const expression = parseExpression(expect);
    const names = isFault(expression) ? [] : failingPart({ text: expect, expression }, lookup).names;
    if (isFault(expression) || !holds(expression, lookup))
      fail(`expected: ${expect}`, lastOf(names, workflow));
  }
  const metrics: Outcome['metrics'] = {};
  for (const metric of workflow.outcome.metrics) {
    if (metric.when && !holds(metric.when.expression, lookup)) continue;
    const truth = answers(metric.answers);
    // A task without answers is one without labels: nothing is measured, and success is what the condition says.
    if (truth === null) continue;
    const measured = success
      ? measureMetric(metric, workflow, state, blobs, truth)
      : { invalid: 'the rollout failed' };
    if ('invalid' in measured && success) fail(`${metric.artifact}: ${measured.invalid}`, metric.artifact);
    const fallback = evaluate(metric.fallback.expression, lookup);
    const charged = 'value' in fallback && typeof fallback.value === 'number' ? fallback.value : 0;
    const raw = 'value' in measured ? measured.value : null;
    metrics[metric.name] = {
      raw,
      fair: raw ?? charged,
      better: metric.better,
      unit: unitOf(metric, raw ?? charged, charged),
      unit_fallback: unitOf(metric, charged, charged),
    };
  }
  return { success, metrics, why, about };
}

/** Of the artifacts that something names the one that is produced last: who made it had the others at hand. */
function lastOf(names: readonly string[][], workflow: Workflow): string | null {
  const order = agentsIn(workflow.flow);
  const place = (name: string) => order.indexOf(workflow.artifacts[name]!.producer ?? '');
  const made = names.map(([first]) => first!).filter((name) => Object.hasOwn(workflow.artifacts, name));
  return made.sort((a, b) => place(b) - place(a))[0] ?? null;
}

/** On 0..1, higher is better: a score as it is; an error against twice its fallback (for RMSE: the target's range). */
function unitOf(metric: Metric, fair: number, fallback: number): number | null {
  if (metric.better === 'higher') return Math.min(1, Math.max(0, fair));
  return fallback > 0 ? Math.max(0, 1 - fair / (2 * fallback)) : null;
}

function measureMetric(
  metric: Metric,
  workflow: Workflow,
  state: WorkspaceState,
  blobs: Blobs,
  truth: string,
): ReturnType<typeof measure> {
  const path = workflow.artifacts[metric.artifact]?.path;
  const file = path ? state.get(path) : undefined;
  if (!file) return { invalid: 'it is missing' };
  return measure(metric.name, blobs.get(file.sha256).toString('utf8'), truth);
}

function withAbsent(workflow: Workflow, facts: FactsByArtifact): FactsByArtifact {
  const absent = Object.keys(workflow.artifacts).map((name) => [
    name,
    facts[name] ?? { exists: false, valid: false },
  ]);
  return Object.fromEntries(absent) as FactsByArtifact;
}
