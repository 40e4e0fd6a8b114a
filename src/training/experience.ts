import { countedVerdicts, type LogEvent } from '../trace/index.js';
import { randomFrom, shuffled, type TrainingOptions } from '../workflow/index.js';
import type { Sample } from './rewards.js';

export interface ExperienceOptions {
  rewardScale: number;
  /** outcome: every action of a rollout gets its outcome (1 or 0) instead of its own score. */
  reward: 'action' | 'outcome';
  /** What a reply that was cut at its longest counts: nothing, or 0. */
  truncated: TrainingOptions['truncated'];
}

/** The knobs of a workflow's `training:` as samples take them; a shuffled control deals out the scores of actions. */
export function experienceOptions(options: TrainingOptions): ExperienceOptions {
  return {
    rewardScale: options.reward_scale,
    reward: options.reward === 'outcome' ? 'outcome' : 'action',
    truncated: options.truncated,
  };
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
    const earned =
      options.reward === 'outcome' ? (outcome?.success ? 1 : 0) : (score ?? 0) / options.rewardScale;
    const cut = options.truncated === 'zero' ? 0 : null;
    const judged = score === null ? null : earned;
    samples.push({
      role,
      rollout,
      action,
      group: task,
      order: samples.length,
      reward: finish === 'length' ? cut : judged,
      old: logprobs,
      reference: null,
      promptIds,
      ids,
    });
  }
  return samples;
}

/**
 * The control of an experiment: the rewards of a role's unmasked actions in a stratum, dealt out anew at random. What
 * training then gains it does not gain from knowing which action was good.
 */
export function shuffleRewards(
  samples: readonly Sample[],
  stratumOf: (sample: Sample) => string,
  seed: string,
): Sample[] {
  const groups = new Map<string, number[]>();
  for (const [at, sample] of samples.entries()) {
    if (sample.reward === null) continue;
    const key = `${sample.role}/${stratumOf(sample)}`;
    groups.set(key, [...(groups.get(key) ?? []), at]);
  }
  const out = [...samples];
  for (const [key, places] of groups) {
    const dealt = shuffled(places, randomFrom(`${seed}/${key}`));
    for (const [at, place] of places.entries())
      out[place] = { ...samples[place]!, reward: samples[dealt[at]!]!.reward };
  }
  return out;
}
