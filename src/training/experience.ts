import { countedVerdicts, type EventData, type LogEvent } from '../trace/index.js';
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

/**
 * The actions of one rollout's log, with captured ids and log-probabilities, never text tokenised again. Those without
 * (of a server's model, or never asked since they were blocked) have no ids and stand for what they were scored.
 */
export function samplesOf(
  rollout: string,
  task: string,
  events: readonly LogEvent[],
  options: ExperienceOptions,
): Sample[] {
  const verdicts = countedVerdicts(events);
  const outcome = events.findLast((event) => event.type === 'outcome')?.data;
  const later = laterThan(events);
  const calls = events.flatMap((event) => (event.type === 'model.called' ? [event.data] : []));
  return startsOf(events).flatMap(({ action, agent: role }): Sample[] => {
    const score = verdicts.get(action)?.score ?? null;
    const earned =
      options.reward === 'outcome' ? (outcome?.success ? 1 : 0) : (score ?? 0) / options.rewardScale;
    const judged = score === null ? null : earned;
    const cut = options.truncated === 'zero' ? 0 : null;
    const own = calls.filter((call) => call.action === action);
    const captured = own.flatMap(({ promptIds, ids, logprobs: old, finish }) =>
      promptIds && ids && old ? [{ promptIds, ids, old, finish }] : [],
    );
    const bare = { promptIds: [], ids: [], old: [], finish: own[0]?.finish ?? null };
    return (captured.length > 0 ? captured : [bare]).map(({ finish, ...tokens }) => ({
      ...{ role, rollout, action, group: task, later: later.get(action) ?? [], reference: null },
      ...tokens,
      reward: finish === 'length' ? cut : judged,
    }));
  });
}

/** Each action once: one that was cut off by a crash is started again in the same log. */
function startsOf(events: readonly LogEvent[]): EventData<'action.started'>[] {
  const found = new Map<string, EventData<'action.started'>>();
  for (const event of events)
    if (event.type === 'action.started' && !found.has(event.data.action))
      found.set(event.data.action, event.data);
  return [...found.values()];
}

/** For each action those that started later and could build on it: in its own arm, after its arms were joined, or in arms that split off it. */
function laterThan(events: readonly LogEvent[]): Map<string, string[]> {
  const later = new Map<string, string[]>();
  const arms = new Map<string, string>();
  const within = (arm: string, outer: string) => arm === outer || arm.startsWith(`${outer}-`);
  for (const event of events) {
    if (event.type === 'arm.joined')
      for (const [action, arm] of arms) {
        const joined = event.data.arms.find((each) => within(arm, each));
        if (joined !== undefined) arms.set(action, joined.replace(/-\d+$/, ''));
      }
    if (event.type !== 'action.started' || later.has(event.data.action)) continue;
    const { action, arm } = event.data;
    for (const [before, stands] of arms) if (within(arm, stands)) later.get(before)!.push(action);
    arms.set(action, arm);
    later.set(action, []);
  }
  return later;
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
