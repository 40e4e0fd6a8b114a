import { countedVerdicts, type LogEvent } from '../trace/index.js';
import type { Sample } from './rewards.js';

export interface ExperienceOptions {
  rewardScale: number;
  /** outcome: every action of a rollout gets its outcome (1 or 0) instead of its own score. */
  reward: 'action' | 'outcome';
}

/** The trainable actions of one rollout's log: captured ids and log-probabilities, never text tokenised again. */
export function samplesOf(
  rollout: string,
  task: string,
  events: readonly LogEvent[],
  options: ExperienceOptions,
): Sample[] {
  const verdicts = countedVerdicts(events);
  const agents = new Map(
    events.flatMap((event) =>
      event.type === 'action.started' ? [[event.data.action, event.data.agent] as const] : [],
    ),
  );
  const outcome = events.findLast((event) => event.type === 'outcome')?.data;
  const samples: Sample[] = [];
  for (const event of events) {
    if (event.type !== 'model.called') continue;
    const { action, promptIds, ids, logprobs, finish } = event.data;
    const role = agents.get(action);
    if (role === undefined || !promptIds || !ids || !logprobs) continue;
    const score = verdicts.get(action)?.score ?? null;
    const masked = score === null || finish === 'length';
    const reward =
      options.reward === 'outcome' ? (outcome?.success ? 1 : 0) : (score ?? 0) / options.rewardScale;
    samples.push({
      role,
      rollout,
      action,
      group: task,
      order: samples.length,
      reward: masked ? null : reward,
      old: logprobs,
      reference: null,
      promptIds,
      ids,
    });
  }
  return samples;
}
