import type { Lookup } from '../../workflow/index.js';

/** Where inside an action a rollout can be held. */
export const stages = ['before', 'model', 'tool', 'check', 'after'] as const;
export type Stage = (typeof stages)[number];

/** A place at which a rollout can be held, and what is known of the action there. */
export interface Point {
  rollout: string;
  action: string;
  agent: string;
  /** before the action; before its model call, a tool run, its artifacts' check; after it, with its verdict. */
  stage: Stage;
  /** 0 to 10; null before the verdict, and where the verdict has no score. */
  score: number | null;
  /** Prompt and reply tokens of this action so far. */
  tokens: number;
  /** Codes of the contracts it broke; empty before the check. */
  breaches: readonly string[];
  /** How its last tool run ended, or null. */
  tool: string | null;
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
}

export const openGate: Gate = { watched: false, reach: () => Promise.resolve() };
