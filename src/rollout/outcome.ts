import type { Blobs, Outcome, WorkspaceState } from '../trace/index.js';
import {
  evaluate,
  type FactsByArtifact,
  failingText,
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
  if (!success)
    why = condition
      ? `${failingText(condition, lookup)} does not hold`
      : `${broken?.name} does not keep its contract`;
  if (task.expect !== null) {
    const expected = parseExpression(task.expect);
    if (isFault(expected) || !holds(expected, lookup)) {
      success = false;
      why = `expected: ${task.expect}`;
    }
  }
  const metrics: Outcome['metrics'] = {};
  for (const metric of workflow.outcome.metrics) {
    if (metric.when && !holds(metric.when.expression, lookup)) continue;
    const measured = success
      ? measureMetric(metric, workflow, state, blobs, answers)
      : { invalid: 'the rollout failed' };
    if ('invalid' in measured && success) {
      success = false;
      why = `${metric.artifact}: ${measured.invalid}`;
    }
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
  return { success, metrics, why };
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
  answers: (name: string | null) => string | null,
): ReturnType<typeof measure> {
  const path = workflow.artifacts[metric.artifact]?.path;
  const file = path ? state.get(path) : undefined;
  const truth = answers(metric.answers);
  if (truth === null) return { invalid: 'the task has no hidden answers' };
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
