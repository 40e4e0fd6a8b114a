import * as z from 'zod';
import { factsSchema } from '../workflow/index.js';

/** A body is text kept in the event, or by its SHA-256 in blobs/ where it is long. */
export const bodySchema = z.union([z.string(), z.object({ blob: z.string(), bytes: z.number() })]);
export type Body = z.infer<typeof bodySchema>;

const actionId = z.string();
const maybeNumber = z.number().nullable();

export const usageSchema = z.object({
  promptTokens: z.number(),
  replyTokens: z.number(),
  counted: z.boolean(),
});

const fileChange = z.object({
  path: z.string(),
  sha256: z.string(),
  bytes: z.number(),
  executable: z.boolean(),
});
export type FileChange = z.infer<typeof fileChange>;

/** Folders of the workspace afterwards that no file's path tells of. Older logs do not say. */
const folders = z.array(z.string()).optional();

export const breachSchema = z.object({
  artifact: z.string(),
  code: z.string(),
  message: z.string(),
  check: z.string().nullable(),
});

const evidence = z.object({
  /** The event it stands in: its type and the action, and a file of that moment where there is one. */
  event: z.string(),
  action: actionId.nullable(),
  file: z.string().nullable(),
  says: z.string(),
});

export const verdictSchema = z.object({
  action: actionId,
  judge: z.string(),
  rubric: z.string().nullable(),
  pass: z.enum(['forward', 'backward']),
  sample: z.number(),
  residual: maybeNumber,
  supersedes: z.string().nullable(),
  /** 0 to 10, or null: then `reason` says why, and the action is masked. */
  score: maybeNumber,
  reason: z.string().nullable(),
  code: z.string().nullable(),
  diagnosis: z.string(),
  advice: z.string().nullable(),
  blamed: z.object({ agent: z.string(), action: actionId.nullable() }).nullable(),
  evidence: z.array(evidence),
  confidence: z.number(),
});
export type Verdict = z.infer<typeof verdictSchema>;
export type Evidence = z.infer<typeof evidence>;

export const metricSchema = z.object({
  /** null: no valid result. */
  raw: maybeNumber,
  /** The raw value, or the fallback that the failure is charged. */
  fair: z.number(),
  better: z.enum(['higher', 'lower']),
  /** The fair value on 0..1, higher is better; null where the scale is not known. */
  unit: maybeNumber,
  /** What its fallback is on that scale; left out by logs of before it was written. */
  unit_fallback: maybeNumber.optional(),
});
export const outcomeSchema = z.object({
  success: z.boolean(),
  metrics: z.record(z.string(), metricSchema),
  why: z.string().nullable(),
  /** The artifact that what failed is about; null where it is about none. Older logs do not say. */
  about: z.string().nullable().optional(),
});
export type Outcome = z.infer<typeof outcomeSchema>;

const score = z.object({
  action: actionId,
  agent: z.string(),
  score: maybeNumber,
  code: z.string().nullable(),
  blamed: z.string().nullable(),
  diagnosis: z.string(),
  file: z.string().nullable(),
});

/** Why a run is paused, as its log says it, beside the budget and cancelling. */
export const pauses = { byHand: 'paused by hand', editor: 'waiting for the editor' } as const;

const shapes = {
  'run.started': z.object({ pid: z.number(), host: z.string(), version: z.string() }),
  /** `caps`: limits that were raised for it to go on. */
  'run.resumed': z.object({ pid: z.number(), caps: z.record(z.string(), z.number()).optional() }),
  'run.paused': z.object({ why: z.string() }),
  'run.continued': z.object({}),
  'run.finished': z.object({
    status: z.enum(['done', 'cancelled', 'budget', 'failed']),
    reason: z.string().nullable(),
    summary: z.json(),
  }),
  'budget.spent': z.object({
    calls: z.number(),
    tokens: z.number(),
    dollars: z.number(),
    seconds: z.number(),
    cap: z.string().nullable(),
  }),
  'rollout.ended': z.object({
    rollout: z.string(),
    task: z.string(),
    stratum: z.string(),
    group: z.string(),
    sample: z.number(),
    step: z.string(),
    /** Another than `main`: a fork, which counts in no summary of the run. */
    branch: z.string().optional(),
    status: z.enum(['done', 'failed', 'cancelled']),
    outcome: outcomeSchema.nullable(),
    scores: z.array(score),
    repaired: z.object({ failed: z.number(), repaired: z.number() }),
    head: z.string(),
    seconds: z.number(),
  }),
  /** A rollout that had failed is carried again: in its own log, and in the run's, where its row counts no more. */
  'rollout.reopened': z.object({ rollout: z.string() }),
  'training.step': z.object({ step: z.number(), report: z.json() }),
  'training.update': z.object({ step: z.number(), role: z.string(), report: z.json() }),
  'checkpoint.saved': z.object({
    step: z.number(),
    name: z.string().optional(),
    /** The score on the select split that checkpoints are ranked by. */
    rank: z.number().optional(),
    policies: z.record(z.string(), z.string()),
    hashes: z.record(z.string(), z.string()),
  }),
  evaluation: z.object({
    name: z.string(),
    split: z.string(),
    policies: z.record(z.string(), z.string()),
    report: z.json(),
  }),
  alarm: z.object({ code: z.string(), message: z.string() }),
  'rollout.started': z.object({
    rollout: z.string(),
    task: z.string(),
    stratum: z.string(),
    sample: z.number(),
    step: z.string(),
    branch: z.string(),
    seed: z.number(),
    policies: z.record(z.string(), z.string()),
    parent: z.object({ rollout: z.string(), action: actionId, change: z.string() }).nullable(),
  }),
  'action.started': z.object({
    action: actionId,
    agent: z.string(),
    visit: z.number(),
    turn: z.number(),
    arm: z.string(),
  }),
  'model.called': z.object({
    action: actionId,
    call: z.number(),
    attempt: z.number(),
    model: z.string(),
    policy: z.string(),
    weights: z.string().nullable(),
    messages: bodySchema,
    reply: bodySchema,
    promptIds: z.array(z.number()).nullable(),
    ids: z.array(z.number()).nullable(),
    logprobs: z.array(z.number()).nullable(),
    temperature: z.number(),
    topP: z.number(),
    seed: z.number(),
    finish: z.string(),
    usage: usageSchema,
    dollars: z.number(),
    seconds: z.number(),
    /** Not bought here: taken over from the rollout that this one forks, or written by a person. */
    copied: z.boolean().optional(),
  }),
  'call.failed': z.object({
    action: actionId,
    call: z.number(),
    attempt: z.number(),
    error: z.string(),
    again: z.boolean(),
    /** A server had the request: it counts as a call. Older logs do not say, and counted none. */
    made: z.boolean().optional(),
  }),
  'tool.ran': z.object({
    action: actionId,
    tool: z.literal('python'),
    index: z.number(),
    program: bodySchema,
    outcome: z.string(),
    exitCode: maybeNumber,
    stdout: bodySchema,
    stderr: bodySchema,
    cut: z.boolean(),
    seconds: z.number(),
    memoryMb: maybeNumber,
    reads: z.union([z.array(z.string()), z.literal('unknown')]),
  }),
  'artifact.checked': z.object({
    action: actionId,
    facts: z.record(z.string(), factsSchema),
    breaches: z.array(breachSchema),
  }),
  'action.finished': z.object({
    action: actionId,
    agent: z.string(),
    status: z.enum(['done', 'blocked', 'truncated', 'filtered', 'failed']),
    why: z.string().nullable(),
    wrote: z.array(fileChange),
    deleted: z.array(z.string()),
    refused: z.array(z.object({ path: z.string(), why: z.string() })),
    folders,
    commit: z.string().nullable(),
  }),
  /** A fork's change of the workspace before `action`. */
  'workspace.edited': z.object({
    action: actionId,
    arm: z.string().default('main'),
    wrote: z.array(fileChange),
    deleted: z.array(z.string()),
    folders,
    commit: z.string().nullable(),
    facts: z.record(z.string(), factsSchema),
  }),
  /** Arms of a `parallel:` have ended: what they owed is in the workspace they came from now, the rest is dropped. */
  'arm.joined': z.object({
    arms: z.array(z.string()),
    merged: z.array(z.string()),
    dropped: z.array(z.string()),
    wrote: z.array(fileChange).default([]),
    deleted: z.array(z.string()).default([]),
  }),
  verdict: verdictSchema,
  overrule: z.object({ action: actionId, score: maybeNumber, author: z.string(), reason: z.string() }),
  outcome: outcomeSchema,
  'rollout.finished': z.object({
    status: z.enum(['done', 'failed', 'cancelled']),
    reason: z.string().nullable(),
  }),
} as const;

export type EventType = keyof typeof shapes;
export type EventData<T extends EventType> = z.infer<(typeof shapes)[T]>;
/** What is appended: a type and its data. */
export type Happening = { [T in EventType]: { type: T; data: EventData<T> } }[EventType];
/** A logged event: numbered from 0 in its file, timed in Unix milliseconds, chained to the one before it. */
export type LogEvent = Happening & { seq: number; at: number; prev: string; sum: string };

export const eventTypes = Object.keys(shapes) as EventType[];

/** The data of an event of a type, checked; throws ZodError. */
export function parseEventData(type: EventType, data: unknown): unknown {
  return shapes[type].parse(data);
}
