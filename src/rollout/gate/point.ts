import type { ChatMessage } from '../../policy/index.js';
import type { Lookup } from '../../workflow/index.js';
import type { ActionNow } from './conditions.js';

/** Where inside an action a rollout can be held. */
export const stages = ['before', 'model', 'tool', 'check', 'after'] as const;
export type Stage = (typeof stages)[number];

/** A place at which a rollout can be held, and what is known of the action there. */
export interface Point extends ActionNow {
  /** before the action; before its model call, a tool run, its artifacts' check; after it, with its verdict. */
  stage: Stage;
  /** What the agent is asked, or was. */
  messages: readonly ChatMessage[];
  /** Share of the tightest budget cap that is spent, 0 to 1; 0 without a cap. */
  spent: number;
  /** Facts of artifacts and fields of the task. */
  facts: Lookup;
}

/** Holds rollouts at points while somebody wants them held. */
export interface Gate {
  /** Somebody steps through: actions are judged as they end, so that a score can stop them. */
  readonly watched: boolean;
  reach(point: Point): Promise<void>;
  /** A piece of a reply, as the model writes it. */
  wrote(rollout: string, action: string, text: string): void;
}

export const openGate: Gate = { watched: false, reach: () => Promise.resolve(), wrote: () => undefined };
