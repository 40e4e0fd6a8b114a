/**
 * What the training page's two ends say to each other, checked at both: the host follows the run's log and makes
 * curves of it, the page draws them and asks for a step. Nothing here is markup; every text is shown as text.
 */
import * as z from 'zod';

/** A mean with its 95 % interval over `n` tables; null bounds: too few tables to have one. */
const interval = z.object({
  mean: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  n: z.number(),
});
export type ShownInterval = z.infer<typeof interval>;

/** Values at training steps, from 1; step 0 is the untrained team. */
const line = z.object({
  name: z.string(),
  /** The stratum that it is of; null: all together. */
  stratum: z.string().nullable(),
  points: z.array(z.object({ step: z.number(), value: interval })),
});
export type ShownLine = z.infer<typeof line>;

const chart = z.object({
  id: z.enum(['success', 'held-out', 'reward', 'kl', 'clip', 'length', 'gradient']),
  title: z.string(),
  /** What is drawn and what to read from it, in a sentence. */
  says: z.string(),
  /** `share`: 0 to 1, shown as percent. */
  unit: z.enum(['share', 'score', 'number']),
  lines: z.array(line),
});
export type ShownChart = z.infer<typeof chart>;

const checkpoint = z.object({
  name: z.string(),
  step: z.number(),
  /** The score on select that checkpoints are ranked by. */
  rank: z.number(),
  success: interval.nullable(),
  best: z.boolean(),
  /** Why it is the best, or how far it is behind. */
  why: z.string(),
  /** Roles that have trained weights in it. */
  roles: z.array(z.string()),
  /** Roles that act with its weights now. */
  acting: z.array(z.string()),
});
export type ShownCheckpoint = z.infer<typeof checkpoint>;

const alarm = z.object({ code: z.string(), message: z.string(), step: z.number().nullable() });
export type ShownAlarm = z.infer<typeof alarm>;

const distribution = z.object({
  name: z.string(),
  /** How many actions have a score of 0, 1, ... 10 (rounded). */
  counts: z.array(z.number()).length(11),
  /** Actions without a score. */
  none: z.number(),
  mean: interval,
});
export type ShownDistribution = z.infer<typeof distribution>;

const review = z.object({
  rollout: z.string(),
  action: z.string(),
  role: z.string(),
  coach: z.number().nullable(),
  person: z.number().nullable(),
  author: z.string(),
  reason: z.string(),
});
export type ShownReview = z.infer<typeof review>;

const coach = z.object({
  actions: z.number(),
  rollouts: z.number(),
  byRole: z.array(distribution),
  byStratum: z.array(distribution),
  /** Scores by length of the reply, shortest quarter first. */
  byLength: z.array(distribution),
  /** Rank correlation of score and reply length; null where there is too little to tell. */
  lengthCorrelation: z.number().nullable(),
  agreement: z.object({
    /** Reviews where both the coach and the person gave a score. */
    both: z.number(),
    /** Share of them at most one point apart; null without one. */
    within: z.number().nullable(),
    /** Mean of the coach's score minus the person's. */
    bias: z.number().nullable(),
    reviews: z.array(review),
  }),
});
export type ShownCoach = z.infer<typeof coach>;

export const dashboardSchema = z.object({
  run: z.string(),
  title: z.string(),
  state: z.enum(['running', 'paused', 'done', 'cancelled', 'budget', 'failed', 'stopped']),
  /** What it is at, or how it ended, in a few words. */
  phase: z.string(),
  /** Paused for want of the editor's models: there is nothing that a person could let go on. */
  waits: z.boolean(),
  /** Whole training steps, and how many are meant. */
  step: z.number(),
  steps: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  strata: z.array(z.string()),
  roles: z.array(z.string()),
  charts: z.array(chart),
  checkpoints: z.array(checkpoint),
  alarms: z.array(alarm),
  /** Made when the page asks for it. */
  coach: coach.nullable(),
});
export type Dashboard = z.infer<typeof dashboardSchema>;

export const toView = z.discriminatedUnion('type', [
  z.object({ type: z.literal('dashboard'), dashboard: dashboardSchema }),
  /** There is nothing to show, and why. */
  z.object({ type: z.literal('empty'), message: z.string(), train: z.boolean() }),
  z.object({ type: z.literal('said'), message: z.string(), problem: z.boolean() }),
]);
export type ToView = z.infer<typeof toView>;

export const steps = ['pause', 'continue', 'cancel', 'resume'] as const;
export type Steer = (typeof steps)[number];

export const toHost = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('steer'), how: z.enum(steps) }),
  /** Let a role act with a checkpoint's weights; null: every role that was trained. */
  z.object({ type: z.literal('promote'), checkpoint: z.string(), role: z.string().nullable() }),
  /** Whether the coach's panel is shown. */
  z.object({ type: z.literal('coach'), shown: z.boolean() }),
  z.object({ type: z.literal('open'), rollout: z.string() }),
  z.object({ type: z.literal('train') }),
]);
export type ToHost = z.infer<typeof toHost>;
