import { NotificationType, RequestType } from 'vscode-jsonrpc';
import * as z from 'zod';
import { forkChangeSchema } from '../fork/index.js';
import { breakpointSchema, filtersSchema, stages } from '../gate/index.js';

/** `control.json` in the run's folder: where the run listens, and the token of the next one who attaches. */
export const addressSchema = z.object({ pid: z.number(), path: z.string(), token: z.string() });
export type Address = z.infer<typeof addressSchema>;

/** A held rollout, as it is told over the wire. */
export const heldSchema = z.object({
  rollout: z.string(),
  action: z.string(),
  agent: z.string(),
  stage: z.enum(stages),
  score: z.number().nullable(),
  why: z.string(),
  breakpoint: z.string().nullable(),
});
export type HeldAt = z.infer<typeof heldSchema>;

const statusSchema = z.object({
  run: z.string(),
  paused: z.boolean(),
  held: z.array(heldSchema),
  spent: z.object({ calls: z.number(), tokens: z.number(), dollars: z.number(), seconds: z.number() }),
});
export type RunStatus = z.infer<typeof statusSchema>;

const nothing = z.object({});
const rollout = z.string();

/**
 * Every request of the control channel: what it takes and what it gives, both checked at both ends. The first one on
 * a connection is `attach`. `role: control` may steer, and there is one of them; `follow` only looks, and may fork.
 */
export const requests = {
  attach: {
    takes: z.object({
      token: z.string(),
      role: z.enum(['control', 'follow']),
      /** What becomes of a paused run when this controller vanishes. `stay`: it keeps waiting. */
      onLost: z.enum(['continue', 'cancel', 'stay']).default('continue'),
      client: z.string().default('unknown'),
    }),
    gives: statusSchema,
  },
  status: { takes: nothing, gives: statusSchema },
  pause: { takes: nothing, gives: statusSchema },
  continue: { takes: nothing, gives: statusSchema },
  step: {
    takes: z.object({ rollout, mode: z.enum(['action', 'into']).default('action') }),
    gives: statusSchema,
  },
  breakpoints: {
    takes: z.object({ breakpoints: z.array(breakpointSchema), filters: filtersSchema }),
    /** What is wrong with a breakpoint, by its id. */
    gives: z.object({ wrong: z.record(z.string(), z.string()) }),
  },
  /** The workspace as it was after an action (before all, where it is null), written into a folder of the cache. */
  goTo: {
    takes: z.object({ rollout, action: z.string().nullable() }),
    gives: z.object({ folder: z.string(), files: z.array(z.string()) }),
  },
  /** What a held action is asked, or is about to be. */
  messages: {
    takes: z.object({ rollout, action: z.string() }),
    gives: z.object({ messages: z.array(z.object({ role: z.string(), content: z.string() })) }),
  },
  /** A branch from before an action that has begun, or is held before it does. */
  fork: {
    takes: z.object({ rollout, action: z.string(), change: forkChangeSchema }),
    gives: z.object({ rollout }),
  },
  cancel: { takes: nothing, gives: nothing },
  /** An editor serves its models there, on this machine, as long as this connection lives. */
  editor: {
    takes: z.object({
      baseUrl: z.string().regex(/^http:\/\/127\.0\.0\.1:\d+\/v1$/, 'only an address of this machine'),
      token: z.string().min(16),
    }),
    gives: nothing,
  },
} as const;

export type RequestName = keyof typeof requests;
export type Takes<N extends RequestName> = z.input<(typeof requests)[N]['takes']>;
export type Taken<N extends RequestName> = z.output<(typeof requests)[N]['takes']>;
export type Gives<N extends RequestName> = z.output<(typeof requests)[N]['gives']>;

/** What a run tells without being asked. */
export const notices = {
  held: heldSchema,
  continued: nothing,
  logged: z.object({ rollout, action: z.string(), text: z.string() }),
  /** A piece of a reply, as the model writes it. */
  wrote: z.object({ rollout, action: z.string(), text: z.string() }),
  rolloutEnded: z.object({ rollout, success: z.boolean().nullable() }),
  finished: z.object({ status: z.string() }),
} as const;
export type NoticeName = keyof typeof notices;
export type Notice<N extends NoticeName> = z.output<(typeof notices)[N]>;

export const requestType = (name: RequestName) => new RequestType<unknown, unknown, void>(name);
export const noticeType = (name: NoticeName) => new NotificationType<unknown>(name);
