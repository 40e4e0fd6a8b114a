import * as z from 'zod';
import { agentOf, type Blobs, bodySchema, isCoachCall, type RunFolder, readLog } from '../trace/index.js';
import type { Task } from '../workflow/index.js';
import { type RolloutSpec, specOf } from './carry.js';

/**
 * A role that is run alone, as a run records it: it acts anew in rollouts of an earlier run, in which the others say
 * again what they wrote.
 */
export const aloneSchema = z.strictObject({
  role: z.string(),
  /** Name of the earlier run. */
  like: z.string(),
  /**
   * How the earlier rollouts ended: how many came to no end (they are among `rollouts`), the share of the others that
   * succeeded (null: there are none), and how many the role broke.
   */
  before: z.strictObject({
    rollouts: z.number(),
    lost: z.number().default(0),
    success: z.number().nullable(),
    broke: z.number(),
  }),
  /** JSON of `againSchema`, in the run that it is for. */
  again: bodySchema,
});
export type Alone = z.infer<typeof aloneSchema>;

/** The rollouts, and what is said again in each by action. */
export const againSchema = z.array(
  z.strictObject({
    task: z.string(),
    said: z.record(z.string(), z.strictObject({ reply: bodySchema, finish: z.string() })),
  }),
);
export type Again = z.infer<typeof againSchema>[number];

/**
 * What all agents but `role` wrote in a rollout, kept in `blobs`; null where `role` was never asked, since it was
 * handed nothing.
 */
export function othersOf(
  run: RunFolder,
  rollout: string,
  role: string,
  from: Blobs,
  blobs: Blobs,
): Again['said'] | null {
  const calls = readLog(run.rollout(rollout)).events.flatMap((event) =>
    event.type === 'model.called' && !isCoachCall(event.data.action) ? [event.data] : [],
  );
  if (!calls.some(({ action }) => agentOf(action) === role)) return null;
  return Object.fromEntries(
    calls
      .filter(({ action }) => agentOf(action) !== role)
      .map(({ action, reply, finish }) => [action, { reply: blobs.keep(from.text(reply)), finish }]),
  );
}

/** Each rollout of a known task anew, `samples` times; in the order of the earlier run, samples outermost. */
export function specsAlone(
  rollouts: readonly Again[],
  tasks: readonly Task[],
  samples: number,
  step: string,
  policies: Readonly<Record<string, string>>,
): RolloutSpec[] {
  const of = new Map(tasks.map((task) => [task.id, task]));
  const next = new Map<string, number>();
  const known = rollouts.filter(({ task }) => of.has(task));
  return Array.from({ length: samples }, () => known)
    .flat()
    .map(({ task, said }) => {
      const sample = next.get(task) ?? 0;
      next.set(task, sample + 1);
      return { ...specOf(of.get(task)!, sample, step, policies), repeated: new Map(Object.entries(said)) };
    });
}
