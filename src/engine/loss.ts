// The three losses as functions of the scored tokens' log-probabilities. Each gives its value and its
// gradient with respect to every log-probability; the network does the rest.
import type { Kl, Loss } from './protocol.js';

export interface LossInput {
  /** `[A]` new log-probabilities of the scored tokens */
  readonly logprobs: Float64Array;
  /** scored tokens of sequence s are `[offsets[s], offsets[s + 1])` */
  readonly offsets: readonly number[];
  readonly denominator: number;
  /** `[A]` each, where the loss needs them */
  readonly advantages?: ArrayLike<number> | undefined;
  readonly old?: ArrayLike<number> | undefined;
  readonly behaviour?: ArrayLike<number> | undefined;
  readonly reference?: ArrayLike<number> | undefined;
  /** `[S]` */
  readonly pairs?: readonly { readonly id: string; readonly chosen: boolean }[] | undefined;
}

export interface LossOutput {
  /** the value, already divided by the denominator */
  loss: number;
  /** `[A]` gradient with respect to each log-probability */
  readonly gradient: Float64Array;
  /** sum over tokens of exp(d) - 1 - d with d = new - old */
  divergence: number;
  /** tokens where the clipped branch was taken */
  clipped: number;
}

/** Names of inputs that a loss needs and that are absent or of the wrong length; empty where all is well. */
export function missingInputs(loss: Loss, kl: Kl | null, input: Omit<LossInput, 'logprobs'>): string[] {
  const tokens = input.offsets[input.offsets.length - 1]!;
  const wants: [string, ArrayLike<unknown> | undefined, number][] = [];
  if (loss.name === 'policy_gradient') {
    wants.push(['advantages', input.advantages, tokens], ['old_logprobs', input.old, tokens]);
    if (input.behaviour !== undefined) wants.push(['behaviour_logprobs', input.behaviour, tokens]);
  }
  if (loss.name === 'dpo') wants.push(['pairs', input.pairs, input.offsets.length - 1]);
  if (loss.name === 'dpo' || (kl !== null && kl.coefficient > 0)) {
    wants.push(['reference_logprobs', input.reference, tokens]);
  }
  return wants
    .filter(([, given, length]) => given?.length !== length)
    .map(([name, given, length]) => `${name} (needs ${length} entries, has ${given?.length ?? 'none'})`);
}

/** Value and gradient of a loss with its KL term. `missingInputs` must have been empty. */
export function lossOf(loss: Loss, kl: Kl | null, input: LossInput): LossOutput {
  const out: LossOutput = {
    loss: 0,
    gradient: new Float64Array(input.logprobs.length),
    divergence: 0,
    clipped: 0,
  };
  if (loss.name === 'policy_gradient') policyGradient(loss, input, out);
  else if (loss.name === 'sft') sft(input, out);
  else dpo(loss.beta, input, out);
  if (kl !== null && kl.coefficient > 0) addKl(kl, input, out);
  if (input.old !== undefined) {
    for (let i = 0; i < input.logprobs.length; i++) {
      const d = input.logprobs[i]! - input.old[i]!;
      out.divergence += Math.exp(d) - 1 - d;
    }
  }
  return out;
}

/**
 * Clipped policy gradient (PPO, arXiv 1707.06347; dual clip, arXiv 1912.09729), with the token's term
 * weighted by min(exp(old - behaviour), 2), not differentiated.
 */
function policyGradient(
  { clip_low, clip_high, dual_clip }: Extract<Loss, { name: 'policy_gradient' }>,
  { logprobs, old, behaviour, advantages, denominator }: LossInput,
  out: LossOutput,
): void {
  for (let i = 0; i < logprobs.length; i++) {
    const a = advantages![i]!;
    const ratio = Math.exp(logprobs[i]! - old![i]!);
    const weight = behaviour === undefined ? 1 : Math.min(Math.exp(old![i]! - behaviour[i]!), 2);
    const bounded = Math.min(Math.max(ratio, 1 - clip_low), 1 + clip_high);
    let objective = Math.min(ratio * a, bounded * a);
    // The gradient flows where the unclipped branch is the smaller one: d(ratio * a) = ratio * a * dlogp.
    let flows = ratio * a <= bounded * a;
    if (dual_clip !== null && a < 0 && objective < dual_clip * a) {
      objective = dual_clip * a;
      flows = false;
    }
    if (!flows) out.clipped++;
    out.loss -= (weight * objective) / denominator;
    out.gradient[i] = flows ? (-weight * ratio * a) / denominator : 0;
  }
}

/** Negative log-likelihood. */
function sft({ logprobs, denominator }: LossInput, out: LossOutput): void {
  for (let i = 0; i < logprobs.length; i++) {
    out.loss -= logprobs[i]! / denominator;
    out.gradient[i] = -1 / denominator;
  }
}

/** Direct preference optimisation (arXiv 2305.18290): -log sigmoid(beta * margin) a pair. */
function dpo(
  beta: number,
  { logprobs, reference, offsets, pairs, denominator }: LossInput,
  out: LossOutput,
): void {
  const sides = new Map<string, { chosen?: number; rejected?: number }>();
  pairs!.forEach(({ id, chosen }, s) => {
    const pair = sides.get(id) ?? {};
    if ((chosen ? pair.chosen : pair.rejected) !== undefined) {
      throw new RangeError(`pair ${id} has two ${chosen ? 'chosen' : 'rejected'} sequences`);
    }
    sides.set(id, chosen ? { ...pair, chosen: s } : { ...pair, rejected: s });
  });
  const gain = (s: number): number => {
    let sum = 0;
    for (let i = offsets[s]!; i < offsets[s + 1]!; i++) sum += logprobs[i]! - reference![i]!;
    return sum;
  };
  for (const [id, { chosen, rejected }] of sides) {
    if (chosen === undefined || rejected === undefined) {
      throw new RangeError(`pair ${id} has no ${chosen === undefined ? 'chosen' : 'rejected'} sequence`);
    }
    const margin = beta * (gain(chosen) - gain(rejected));
    // -log sigmoid(m) without overflow, and its slope -sigmoid(-m)
    out.loss += (Math.max(-margin, 0) + Math.log1p(Math.exp(-Math.abs(margin)))) / denominator;
    const slope = -beta / (1 + Math.exp(margin)) / denominator;
    for (let i = offsets[chosen]!; i < offsets[chosen + 1]!; i++) out.gradient[i]! += slope;
    for (let i = offsets[rejected]!; i < offsets[rejected + 1]!; i++) out.gradient[i]! -= slope;
  }
}

/** Estimators of KL(new, reference) from samples (Schulman, "Approximating KL divergence"): k2 and k3. */
function addKl(
  { estimator, coefficient }: Kl,
  { logprobs, reference, denominator }: LossInput,
  out: LossOutput,
): void {
  for (let i = 0; i < logprobs.length; i++) {
    const d = logprobs[i]! - reference![i]!;
    const [value, slope] = estimator === 'k2' ? [(d * d) / 2, d] : [Math.exp(-d) - 1 + d, 1 - Math.exp(-d)];
    out.loss += (coefficient * value) / denominator;
    out.gradient[i]! += (coefficient * slope) / denominator;
  }
}
