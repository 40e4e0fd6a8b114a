import type { Task, Workflow } from '../workflow/index.js';
import type { Blobs } from './bodies.js';
import type { Happening, LogEvent, Outcome, Verdict } from './events.js';

/** What a judge sees: one rollout's events so far, the blobs behind them, and the outcome once it exists. */
export interface Judged {
  workflow: Workflow;
  task: Task;
  rollout: string;
  events: readonly LogEvent[];
  blobs: Blobs;
  outcome: Outcome | null;
  signal: AbortSignal;
}

/** Gives verdicts on the actions of a finished rollout. What it buys on the way it logs first. */
export type Judge = (what: Judged, log: (event: Happening) => Promise<void>) => Promise<Verdict[]>;
