import { type Interval, tInterval } from '../../evaluation/index.js';
import type { Ended } from '../../rollout/index.js';
import { agentOf, cameToEnd, isCoachCall, type LogEvent } from '../../trace/index.js';
import type { RoleReport } from '../update.js';
import type { RoleProgress } from './state.js';

/** How a role's programs and replies went in a step. */
export interface RoleActivity {
  actions: number;
  /** Share of its tool runs that ended without an error; null without one. */
  toolSuccess: number | null;
  /** Mean reply tokens of its actions. */
  length: number;
  /** The same over tables, the independent unit: the mean of their means, with its 95 % interval. */
  lengths: Interval;
  /** Share of its replies that were cut at their longest. */
  truncated: number;
  /** Mean action reward by stratum, on 0..1. */
  byStratum: Record<string, number>;
}

/** One training step, as the log and the dashboard have it. */
export interface StepReport {
  step: number;
  success: number;
  byStratum: Record<string, { rollouts: number; success: number }>;
  seconds: { sampling: number; training: number };
  roles: RoleReport[];
  activity: Record<string, RoleActivity>;
  state: Record<string, RoleProgress>;
}

export function successByStratum(all: readonly Ended[]): StepReport['byStratum'] {
  const ended = all.filter(cameToEnd);
  const strata = [...new Set(ended.map((rollout) => rollout.stratum))].sort();
  return Object.fromEntries(
    strata.map((stratum) => {
      const own = ended.filter((rollout) => rollout.stratum === stratum);
      return [stratum, { rollouts: own.length, success: successOf(own) }];
    }),
  );
}

/** The share that succeeded of those that came to their end. */
export function successOf(all: readonly Ended[]): number {
  const ended = all.filter(cameToEnd);
  return ended.length === 0 ? 0 : ended.filter((rollout) => rollout.outcome?.success).length / ended.length;
}

/** What each role did in a step, counted from the rollouts' events. */
export function activityOf(
  ended: readonly Ended[],
  events: ReadonlyMap<string, readonly LogEvent[]>,
  rewardScale: number,
): Record<string, RoleActivity> {
  const tallies = new Map<string, Tally>();
  const of = (role: string) => {
    const known = tallies.get(role) ?? {
      ...{ calls: 0, tokens: 0, cut: 0, tools: 0, good: 0 },
      tables: new Map(),
      scores: new Map(),
    };
    tallies.set(role, known);
    return known;
  };
  for (const rollout of ended) {
    for (const event of events.get(rollout.rollout) ?? []) {
      // A model coach's calls stand in the same log.
      if (event.type === 'model.called' && !isCoachCall(event.data.action)) {
        const tally = of(agentOf(event.data.action));
        tally.calls += 1;
        tally.tokens += event.data.usage.replyTokens;
        const table = tally.tables.get(rollout.group) ?? [];
        tally.tables.set(rollout.group, [...table, event.data.usage.replyTokens]);
        if (event.data.finish === 'length') tally.cut += 1;
      }
      if (event.type === 'tool.ran') {
        const tally = of(agentOf(event.data.action));
        tally.tools += 1;
        if (event.data.outcome === 'ok') tally.good += 1;
      }
    }
    for (const { agent, score } of rollout.scores) {
      if (score === null) continue;
      const { scores } = of(agent);
      scores.set(rollout.stratum, [...(scores.get(rollout.stratum) ?? []), score / rewardScale]);
    }
  }
  return Object.fromEntries([...tallies].map(([role, tally]) => [role, activity(tally)]));
}

interface Tally {
  calls: number;
  tokens: number;
  cut: number;
  tools: number;
  good: number;
  /** Reply tokens by table. */
  tables: Map<string, number[]>;
  scores: Map<string, number[]>;
}

function activity({ calls, tokens, cut, tools, good, tables, scores }: Tally): RoleActivity {
  const per = (sum: number) => (calls === 0 ? 0 : sum / calls);
  return {
    actions: calls,
    toolSuccess: tools === 0 ? null : good / tools,
    length: per(tokens),
    lengths: tInterval([...tables.values()].map(mean)),
    truncated: per(cut),
    byStratum: Object.fromEntries([...scores].map(([stratum, all]) => [stratum, mean(all)])),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
