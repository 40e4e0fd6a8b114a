import * as z from 'zod';
import { agentOf, isCoachCall, type LogEvent } from '../../trace/index.js';
import { dollarsFor, isLoopback, type Workflow } from '../../workflow/index.js';

/** What a training is estimated from, beside the recorded rollouts. */
export interface Plan {
  steps: number;
  /** Rollouts of one step. */
  perStep: number;
  /** Roles that learn. */
  roles: number;
  /** Rollouts that measure the team on held-out tasks: before, between and after the steps. */
  measured: number;
  /** Rollouts at a time. */
  concurrency: number;
  /** Seconds of one role's update in an earlier training of this team; null: none is recorded. */
  update: number | null;
}

export interface Estimate {
  /** Rollouts in all, those that measure too. */
  rollouts: number;
  /** Seconds. */
  sampling: number;
  updates: number;
  /** Dollars at the workflow's prices; null where no model has one. */
  dollars: number | null;
  /** Models that are asked, may cost something, and have no price. */
  unpriced: string[];
}

type Asked = Pick<Workflow, 'agents' | 'coach' | 'models'>;

/** Time and cost from recorded rollouts: their mean seconds and their events. Pure. */
export function estimateOf(
  workflow: Asked,
  plan: Plan,
  seconds: number,
  recorded: readonly (readonly LogEvent[])[],
): Estimate {
  const each = seconds / Math.max(1, plan.concurrency);
  const trained = plan.perStep * plan.steps;
  const rollouts = trained + plan.measured;
  const { priced, unpriced } = pricesOf(workflow);
  const spent = recorded.flat().reduce((sum, event) => sum + dollarsOf(event, workflow), 0);
  return {
    rollouts,
    sampling: each * rollouts,
    // Nothing better is known before the first training than that updates take about as long as the rollouts.
    updates: plan.update === null ? each * trained : plan.update * plan.roles * plan.steps,
    dollars: priced ? (spent / Math.max(1, recorded.length)) * rollouts : null,
    unpriced,
  };
}

/** Which of the models that agents and coach ask cost something. */
function pricesOf({ agents, coach, models }: Asked): { priced: boolean; unpriced: string[] } {
  const names = new Set([
    ...Object.values(agents).map(({ model }) => model),
    ...(coach.model ? [coach.model] : []),
  ]);
  const asked = [...names].flatMap((name) => models[name] ?? []);
  const dear = asked.filter(
    ({ provider, base_url, price }) =>
      !price && (provider === 'editor' || (provider === 'openai' && !isLoopback(base_url ?? ''))),
  );
  return { priced: asked.some(({ price }) => price), unpriced: dear.map(({ name }) => name) };
}

function dollarsOf(event: LogEvent, { agents, coach, models }: Asked): number {
  if (event.type !== 'model.called') return 0;
  const { action, usage } = event.data;
  const name = isCoachCall(action) ? coach.model : agents[agentOf(action)]?.model;
  const price = name ? models[name]?.price : undefined;
  return price ? dollarsFor(price, usage.promptTokens, usage.replyTokens) : 0;
}

const stepReport = z.object({
  roles: z.array(z.object({ skipped: z.string().nullable() })),
  seconds: z.object({ training: z.number() }),
});

/** Seconds of one role's update, over the steps that a training's log tells of; null where none updated a role. */
export function updateSeconds(events: readonly LogEvent[]): number | null {
  let [seconds, updates] = [0, 0];
  for (const event of events) {
    const report = event.type === 'training.step' ? stepReport.safeParse(event.data.report).data : undefined;
    const updated = report?.roles.filter(({ skipped }) => skipped === null).length ?? 0;
    if (!report || updated === 0) continue;
    seconds += report.seconds.training;
    updates += updated;
  }
  return updates === 0 ? null : seconds / updates;
}

/** Rollouts that a training measures by: the untrained team and the best on test, every checkpoint on select. */
export function measuredRollouts(
  splits: Readonly<Record<'select' | 'test', number>>,
  { steps, every }: { steps: number; every: number },
): number {
  const between = every > 0 ? Math.ceil(steps / every) : 1;
  return 2 * Math.min(splits.test, MOST.test) + (1 + between) * Math.min(splits.select, MOST.select);
}

/** The most tasks that the command line measures on where nothing else is asked for. */
const MOST = { test: 60, select: 30 };
