import type { TrainingOptions } from '../workflow/index.js';
/**
 * From scores to advantages, in pure functions. Shapes: an action has `n` sampled tokens; vectors "per token" have
 * one entry for each. Source: MAPPA (arXiv 2601.23228) and REINFORCE++ (arXiv 2501.03262).
 */

/** One action of one role, as training sees it. */
export interface Sample {
  role: string;
  rollout: string;
  action: string;
  /** Same-prompt group: the task. */
  group: string;
  /** The actions of its rollout that could build on it, in order: those of an arm beside it could not. */
  later: readonly string[];
  /** Score / scale; null: masked (no verdict, truncated, blocked). */
  reward: number | null;
  /** Log-probabilities of the sampled tokens when they were sampled, per token. */
  old: readonly number[];
  /** The sampler's, where the trainer's differ from them: then `old` is the trainer's. */
  behaviour?: readonly number[];
  /** The same tokens under the reference policy; null where no KL is needed. */
  reference: readonly number[] | null;
  promptIds: readonly number[];
  /** The sampled tokens; none where they were not captured: such an action is not trained, and counts for those before it. */
  ids: readonly number[];
}

export interface KlInReward {
  estimator: TrainingOptions['kl']['estimator'];
  coefficient: number;
}

export interface AdvantageOptions {
  algorithm: 'reinforce++' | 'reinforce++-baseline' | 'rloo' | 'grpo' | 'dr-grpo';
  gamma: number;
  /** KL in the reward: its estimate costs `coefficient` times itself at each token; 0 for none. */
  kl: KlInReward;
  stdFloor: number;
  maxAdvantage: number;
  zeroSignal: number;
}

/** The knobs of a workflow's `training:` as the arithmetic takes them; `klCoefficient` is that of this step. */
export function advantageOptions(options: TrainingOptions, klCoefficient: number): AdvantageOptions {
  return {
    algorithm: options.algorithm,
    gamma: options.gamma,
    kl: { estimator: options.kl.estimator, coefficient: klCoefficient },
    stdFloor: options.std_floor === 'published' ? 1e-8 : options.std_floor,
    maxAdvantage: options.max_advantage,
    zeroSignal: options.zero_signal,
  };
}

/** What a role's batch came to: advantages per sample and token (null: masked), or why the role is skipped. */
export type Advantages =
  | { perSample: (Float64Array | null)[]; rewardMean: number; rewardStd: number; returnStd: number }
  | { skipped: string; rewardMean: number; rewardStd: number };

/**
 * Rewards handed back along each rollout: R~_k = sum over j >= k of gamma_a^(j-k) R_j, over the actions that could
 * build on k. With gamma_a > 0 an action whose sum would contain a null is masked too.
 */
export function propagateRewards(samples: readonly Sample[], actionGamma: number): (number | null)[] {
  if (actionGamma === 0) return samples.map((sample) => sample.reward);
  const known = new Map(samples.map(({ rollout, action, reward }) => [`${rollout}\0${action}`, reward]));
  return samples.map(({ rollout, reward, later }) => {
    const onward = [reward, ...later.map((action) => known.get(`${rollout}\0${action}`) ?? null)];
    return onward.reduceRight<number | null>(
      (after, each) => (after === null || each === null ? null : each + actionGamma * after),
      0,
    );
  });
}

/** An action with what it is trained on; null: masked. */
export interface Earned {
  sample: Sample;
  reward: number | null;
}

/**
 * What a role's actions are trained on. It takes the samples of all roles: with `actionGamma` above 0 what an action
 * hands on comes back to it from whoever acts later in its rollout, and a later action without a score masks it.
 */
export function earnedBy(role: string, all: readonly Sample[], actionGamma: number): Earned[] {
  const rewards = propagateRewards(all, actionGamma);
  return all.flatMap((sample, at) =>
    sample.role === role && sample.ids.length > 0 ? [{ sample, reward: rewards[at] ?? null }] : [],
  );
}

/** Estimates of the KL divergence from `d`, log old minus log reference of a drawn token (Schulman, "Approximating KL divergence"). */
const estimators: Record<KlInReward['estimator'], (d: number) => number> = {
  k1: (d) => d,
  k2: (d) => (d * d) / 2,
  k3: (d) => Math.exp(-d) - 1 + d,
};

/** G_t = r_t + gamma G_(t+1) inside one action: KL at every token, the action's reward at the last. */
export function tokenReturns(
  reward: number,
  sample: Pick<Sample, 'old' | 'reference'>,
  gamma: number,
  kl: KlInReward,
): Float64Array {
  const n = sample.old.length;
  const returns = new Float64Array(n);
  let next = 0;
  for (let at = n - 1; at >= 0; at--) {
    const d = sample.reference ? sample.old[at]! - sample.reference[at]! : 0;
    next = -kl.coefficient * estimators[kl.estimator](d) + (at === n - 1 ? reward : 0) + gamma * next;
    returns[at] = next;
  }
  return returns;
}

/** Advantages of one role's actions of one step. `rewards` come from `propagateRewards`, in the same order. */
export function advantagesOf(
  samples: readonly Sample[],
  rewards: readonly (number | null)[],
  options: AdvantageOptions,
): Advantages {
  const known = rewards.filter((reward) => reward !== null);
  const { mean: rewardMean, std: rewardStd } = moments(known);
  if (known.length === 0) return { skipped: 'no action has a score', rewardMean: 0, rewardStd: 0 };
  // Judged before KL: with KL inside, the variance is never about 0, and equal scores would train on noise.
  if (rewardStd < options.zeroSignal)
    return { skipped: `all scores are the same (deviation ${rewardStd.toFixed(4)})`, rewardMean, rewardStd };
  const based = baseline(samples, rewards, options.algorithm);
  if (options.algorithm !== 'reinforce++') {
    const apart = baseline(samples, rewards, 'dr-grpo').filter((difference) => difference !== null);
    if (moments(apart).std < options.zeroSignal)
      return { skipped: 'the scores of each task are the same', rewardMean, rewardStd };
  }
  const perToken = samples.map((sample, at) =>
    based[at] === null ? null : tokenReturns(based[at]!, sample, options.gamma, options.kl),
  );
  const tokens = perToken.flatMap((returns) => (returns ? [...returns] : []));
  const whole = options.algorithm === 'reinforce++' || options.algorithm === 'reinforce++-baseline';
  const { mean, std } = whole ? moments(tokens) : { mean: 0, std: 1 };
  const scale = whole ? Math.max(std, options.stdFloor, 1e-8) : 1;
  const cap = (value: number) => Math.max(-options.maxAdvantage, Math.min(options.maxAdvantage, value));
  return {
    perSample: perToken.map((returns) => returns?.map((value) => cap((value - mean) / scale)) ?? null),
    rewardMean,
    rewardStd,
    returnStd: std,
  };
}

/** What each estimator takes off the reward: nothing, or something of the same task's other samples. */
function baseline(
  samples: readonly Sample[],
  rewards: readonly (number | null)[],
  algorithm: AdvantageOptions['algorithm'],
): (number | null)[] {
  if (algorithm === 'reinforce++') return [...rewards];
  const groups = new Map<string, number[]>();
  for (const [at, sample] of samples.entries())
    if (rewards[at] !== null) groups.set(sample.group, [...(groups.get(sample.group) ?? []), rewards[at]!]);
  return samples.map((sample, at) => {
    const reward = rewards[at] ?? null;
    if (reward === null) return null;
    const group = groups.get(sample.group)!;
    const { mean, std } = moments(group);
    if (algorithm === 'rloo')
      return group.length < 2 ? 0 : (reward - mean) * (group.length / (group.length - 1));
    if (algorithm === 'grpo') return (reward - mean) / (std + 1e-8);
    return reward - mean;
  });
}

/** Mean and population standard deviation; 0 and 0 of nothing. */
export function moments(values: readonly number[]): { mean: number; std: number } {
  if (values.length === 0) return { mean: 0, std: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    mean,
    std: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length),
  };
}

/** A sample as the engine takes it: prompt and action, with 1 in the mask where a token was sampled. */
export function toSequence(sample: Sample): { tokens: number[]; mask: (0 | 1)[] } {
  return {
    tokens: [...sample.promptIds, ...sample.ids],
    mask: [...sample.promptIds.map(() => 0 as const), ...sample.ids.map(() => 1 as const)],
  };
}
