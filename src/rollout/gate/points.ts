import type { EventData } from '../../trace/index.js';
import { lookupFacts } from '../../workflow/index.js';
import type { Arm } from '../arm.js';
import type { TurnPlace } from '../place.js';
import type { Point, Stage } from './point.js';

/** The points of one action, each with what is known of it by then. */
export function pointsOf(place: TurnPlace, arm: Arm, agent: string, action: string) {
  const { deps, rollout, task } = place;
  let tokens = 0;
  let tool: string | null = null;
  const at = (stage: Stage, score: number | null, breaches: readonly string[]): Point => ({
    rollout,
    action,
    agent,
    stage,
    score,
    tokens,
    breaches,
    tool,
    spent: deps.budget.share,
    facts: lookupFacts(arm.facts, task),
  });
  return {
    called(call: EventData<'model.called'>) {
      tokens = call.usage.promptTokens + call.usage.replyTokens;
    },
    ran(outcome: string) {
      tool = outcome;
    },
    /** Wait here while somebody holds the rollout; throws where the run was cancelled meanwhile. */
    async reach(stage: Stage, score: number | null = null, breaches: readonly string[] = []) {
      // Whoever looks at a held rollout reads it from the log.
      if (deps.gate.watched) await place.log.sync();
      await deps.gate.reach(at(stage, score, breaches));
      deps.signal.throwIfAborted();
    },
  };
}
