import * as z from 'zod';

/** Training's knobs, with the published defaults where the paper names one. Where it runs is never written here. */
export const trainingSchema = z.strictObject({
  algorithm: z
    .enum(['reinforce++', 'reinforce++-baseline', 'rloo', 'grpo', 'dr-grpo'])
    .default('reinforce++')
    .describe('How rewards become advantages'),
  reward: z
    .enum(['action', 'outcome', 'shuffled'])
    .default('action')
    .describe(
      'action: each action gets its own score; outcome: all actions of a rollout get its outcome; shuffled: a control, scores dealt out at random',
    ),
  steps: z.int().min(1).default(30).describe('Each is rollouts, verdicts and an update of every role'),
  rollouts: z.int().min(1).default(48).describe('Rollouts a step'),
  samples: z.int().min(1).default(2).describe('Rollouts per task in a step'),
  temperature: z
    .number()
    .gt(0)
    .max(5)
    .default(1)
    .describe(
      "Of a training's rollouts, for the roles with weights of their own, in place of the agent's and the model's",
    ),
  learning_rate: z.number().min(0).default(1e-6).describe('How far one update goes'),
  betas: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.9, 0.95])
    .describe("Adam's"),
  adam_eps: z.number().gt(0).default(1e-8).describe("Adam's"),
  weight_decay: z.number().min(0).default(0).describe('As in AdamW'),
  schedule: z.enum(['constant', 'cosine', 'linear']).default('cosine').describe('cosine falls to a tenth'),
  warmup: z.number().min(0).max(1).default(0.03).describe('Share of the steps in which the rate rises'),
  grad_clip: z.number().gt(0).default(1).describe('The longest gradient; a longer one is shortened to it'),
  minibatches: z
    .int()
    .min(1)
    .default(1)
    .describe(
      'Optimiser steps a role and epoch, fewer where a minibatch would hold less than smallest_minibatch',
    ),
  smallest_minibatch: z
    .int()
    .min(1)
    .default(8)
    .describe('Actions that an optimiser step needs at least: steps on a few actions follow their noise'),
  epochs: z.int().min(1).default(1).describe("Times that a step's rollouts are learned from"),
  clip: z
    .union([
      z.number().gt(0),
      z.strictObject({
        low: z.number().gt(0).describe('Below 1'),
        high: z.number().gt(0).describe('Above 1'),
      }),
    ])
    .default(0.2)
    .describe('How far from 1 the ratio of new and old probability counts'),
  dual_clip: z
    .number()
    .gt(1)
    .optional()
    .describe('The largest ratio that counts where the advantage is negative'),
  kl: z
    .strictObject({
      estimator: z
        .enum(['k1', 'k2', 'k3'])
        .default('k1')
        .describe('How it is estimated from the tokens drawn'),
      in: z.enum(['reward', 'loss']).default('reward').describe('Where it counts'),
      coefficient: z.number().min(0).default(0.01).describe('How much it counts'),
      target: z
        .number()
        .gt(0)
        .optional()
        .describe('Adapt the coefficient so that the KL per token stays near this'),
    })
    .prefault({})
    .describe('What holds a role near the untrained one: its divergence from it costs'),
  gamma: z.number().min(0).max(1).default(1).describe('Discount inside an action, per token'),
  action_gamma: z.number().min(0).max(1).default(0).describe('Discount from action to later action'),
  reward_scale: z.number().gt(0).default(10).describe('Scores are divided by this'),
  std_floor: z
    .union([z.number().gt(0), z.literal('published')])
    .default(0.1)
    .describe('The least that rewards are divided by when they are normalised; published: 1e-8'),
  max_advantage: z.number().gt(0).default(3).describe('Larger ones are cut to it, on both sides'),
  zero_signal: z
    .number()
    .min(0)
    .default(0.01)
    .describe('A role whose rewards vary less than this is skipped'),
  truncated: z
    .enum(['mask', 'zero'])
    .default('mask')
    .describe(
      'What a reply that was cut at its longest counts: nothing, or 0. Masked, a role that learns to run on is never told; zero where replies grow until they are cut',
    ),
  seed: z.int().default(1).describe('Other samples and tasks with another one'),
  deterministic: z
    .boolean()
    .default(false)
    .describe('The same weights from the same seed on the same machine, more slowly'),
  evaluate_every: z
    .int()
    .min(0)
    .default(5)
    .describe('Steps between checkpoints that are ranked on the select split'),
});

export type TrainingOptions = z.infer<typeof trainingSchema>;
