import type { EngineClient } from '../engine/index.js';
import { randomFrom, shuffled, type TrainingOptions } from '../workflow/index.js';
import {
  type Advantages,
  advantageOptions,
  advantagesOf,
  earnedBy,
  type Sample,
  toSequence,
} from './rewards.js';

/** Where a role's weights stand. */
export interface RoleState {
  version: string;
  hash: string;
  /** Updates applied since v0; names the next version. */
  updates: number;
  /** The KL coefficient of this step. */
  kl: number;
}

export interface RoleReport {
  role: string;
  /** Why nothing was applied, or null. */
  skipped: string | null;
  samples: number;
  masked: number;
  tokens: number;
  rewardMean: number;
  rewardStd: number;
  loss: number;
  approximateKl: number;
  referenceKl: number;
  clipFraction: number;
  gradientNorm: number;
  length: number;
  /** The KL coefficient that was used. */
  klCoefficient: number;
  /** Furthest that the trainer's log-probabilities were from the sampler's, in nats; above 1e-3 both are used. */
  behaviourGap: number;
  /** Optimiser steps applied. */
  updates: number;
  from: string;
  to: string;
  hash: string;
}

/** Learning rate at a step from 0, after warm-up and schedule. */
export function learningRate(options: TrainingOptions, step: number): number {
  const { learning_rate: rate, steps, warmup, schedule } = options;
  const rising = Math.floor(warmup * steps);
  if (step < rising) return (rate * (step + 1)) / rising;
  const progress = steps <= rising ? 0 : (step - rising) / (steps - rising);
  if (schedule === 'cosine') return rate * (0.1 + 0.45 * (1 + Math.cos(Math.PI * progress)));
  return schedule === 'linear' ? rate * (1 - progress) : rate;
}

/** Train one role on its samples of a step: reference pass, advantages, minibatches of one optimiser step each. */
export async function updateRole(
  client: Pick<EngineClient, 'logprobs' | 'update'>,
  role: string,
  state: RoleState,
  all: readonly Sample[],
  step: number,
  options: TrainingOptions,
): Promise<RoleReport> {
  const picked = earnedBy(role, all, options.action_gamma);
  const usable = picked.filter((each) => each.reward !== null);
  const sequences = usable.map(({ sample }) => toSequence(sample));
  const needsReference = (state.kl > 0 || options.kl.target !== undefined) && usable.length > 0;
  const reference = needsReference
    ? (await client.logprobs({ model: 'reference', sequences, temperature: options.temperature })).logprobs
    : null;
  const { gap, old } = await oldLogprobs(
    client,
    `${role}@${state.version}`,
    usable.map(({ sample }) => sample),
    options,
  );
  const samples = usable.map(
    ({ sample }, at): Sample => ({
      ...sample,
      reference: reference?.[at] ?? null,
      ...(old ? { old: old[at]!, behaviour: sample.old } : {}),
    }),
  );
  const found: Advantages = advantagesOf(
    samples,
    usable.map((each) => each.reward),
    advantageOptions(options, options.kl.in === 'reward' ? state.kl : 0),
  );
  const tokens = samples.reduce((sum, sample) => sum + sample.ids.length, 0);
  const report: RoleReport = {
    role,
    skipped: 'skipped' in found ? found.skipped : null,
    samples: picked.length,
    masked: picked.length - usable.length,
    tokens,
    rewardMean: found.rewardMean,
    rewardStd: found.rewardStd,
    loss: 0,
    approximateKl: 0,
    referenceKl: meanKl(samples),
    clipFraction: 0,
    gradientNorm: 0,
    length: samples.length === 0 ? 0 : tokens / samples.length,
    klCoefficient: state.kl,
    behaviourGap: gap,
    updates: 0,
    from: state.version,
    to: state.version,
    hash: state.hash,
  };
  if ('skipped' in found) return report;
  let now = state;
  let count = 0;
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const order = shuffled([...samples.keys()], randomFrom(`${options.seed}/${step}/${role}/${epoch}`));
    for (const { from, batch } of minibatchesOf(order, options)) {
      now = await applyBatch(
        client,
        role,
        now,
        batch.map((at) => ({ sample: samples[at]!, advantages: found.perSample[at]! })),
        { id: `${step}/${role}/${epoch}/${from}`, step, options },
        report,
      );
      count += 1;
    }
  }
  for (const key of ['loss', 'approximateKl', 'clipFraction', 'gradientNorm'] as const) report[key] /= count;
  return { ...report, updates: count, to: now.version, hash: now.hash };
}

/**
 * Deal actions into minibatches of nearly the same size: as many as are asked for, fewer where one would hold less
 * than `smallest_minibatch` actions, never none. `from` is where one starts, which names its update.
 */
export function minibatchesOf(
  order: readonly number[],
  { minibatches, smallest_minibatch }: Pick<TrainingOptions, 'minibatches' | 'smallest_minibatch'>,
): { from: number; batch: number[] }[] {
  const count = Math.max(1, Math.min(minibatches, Math.floor(order.length / smallest_minibatch)));
  return Array.from({ length: count }, (_, at) => {
    const [from, to] = [at, at + 1].map((each) => Math.round((each * order.length) / count)) as [
      number,
      number,
    ];
    return { from, batch: order.slice(from, to) };
  });
}

const AGREE = 1e-3;
const PROBED = 8;

/**
 * The trainer's own log-probabilities before the first minibatch, where they differ from the sampler's by more than
 * 1e-3 on a few sequences; else null, and the sampled ones are both. Source: the truncated importance correction.
 */
async function oldLogprobs(
  client: Pick<EngineClient, 'logprobs' | 'update'>,
  model: string,
  samples: readonly Sample[],
  { temperature }: TrainingOptions,
): Promise<{ gap: number; old: number[][] | null }> {
  if (samples.length === 0) return { gap: 0, old: null };
  const score = async (of: readonly Sample[]) =>
    (await client.logprobs({ model, sequences: of.map(toSequence), temperature })).logprobs;
  const probed = samples.slice(0, PROBED);
  const own = await score(probed);
  const gap = Math.max(
    ...probed.flatMap((sample, at) => sample.old.map((value, token) => Math.abs(value - own[at]![token]!))),
  );
  return { gap, old: gap > AGREE ? await score(samples) : null };
}

interface BatchPlace {
  id: string;
  step: number;
  options: TrainingOptions;
}

async function applyBatch(
  client: Pick<EngineClient, 'logprobs' | 'update'>,
  role: string,
  state: RoleState,
  batch: { sample: Sample; advantages: Float64Array }[],
  place: BatchPlace,
  report: RoleReport,
): Promise<RoleState> {
  const { options, step, id } = place;
  const clip = typeof options.clip === 'number' ? { low: options.clip, high: options.clip } : options.clip;
  const old = batch.flatMap(({ sample }) => sample.old);
  const corrected = batch.some(({ sample }) => sample.behaviour !== undefined);
  const next = `v${state.updates + 1}`;
  const inLoss = options.kl.in === 'loss' && state.kl > 0 && options.kl.estimator !== 'k1';
  const reply = await client.update({
    id,
    role,
    version: state.version,
    parent_hash: state.hash,
    next_version: next,
    loss: {
      name: 'policy_gradient',
      clip_low: clip.low,
      clip_high: clip.high,
      dual_clip: options.dual_clip ?? null,
    },
    kl: inLoss ? { estimator: options.kl.estimator as 'k2' | 'k3', coefficient: state.kl } : null,
    sequences: batch.map(({ sample }) => toSequence(sample)),
    advantages: batch.flatMap(({ advantages }) => [...advantages]),
    old_logprobs: [...old],
    ...(corrected
      ? { behaviour_logprobs: batch.flatMap(({ sample }) => [...(sample.behaviour ?? sample.old)]) }
      : {}),
    ...(inLoss ? { reference_logprobs: batch.flatMap(({ sample }) => [...sample.reference!]) } : {}),
    denominator: old.length,
    optimizer: {
      lr: learningRate(options, step),
      betas: options.betas,
      eps: options.adam_eps,
      decay: options.weight_decay,
      grad_clip: options.grad_clip,
    },
    temperature: options.temperature,
  });
  report.loss += reply.loss;
  report.approximateKl += reply.approximate_kl;
  report.clipFraction += reply.clip_fraction;
  report.gradientNorm += reply.gradient_norm;
  return { ...state, version: next, hash: reply.hash, updates: state.updates + 1 };
}

/** Mean of old - reference per token: the k1 estimate of how far the policy is from where it started. */
function meanKl(samples: readonly Sample[]): number {
  let sum = 0;
  let count = 0;
  for (const { old, reference } of samples) {
    if (!reference) continue;
    for (let at = 0; at < old.length; at++) sum += old[at]! - reference[at]!;
    count += old.length;
  }
  return count === 0 ? 0 : sum / count;
}
