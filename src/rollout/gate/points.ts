import type { ChatMessage } from '../../policy/index.js';
import type { EventData } from '../../trace/index.js';
import { lookupFacts } from '../../workflow/index.js';
import type { Arm } from '../arm.js';
import type { TurnPlace } from '../place.js';
import type { Point, Stage } from './point.js';

/** What is told of an action after it, as far as it was judged. */
export type Judged = Pick<EventData<'verdict'>, 'score' | 'code'> | null;

/** The points of one action, each with what is known of it by then. */
export function pointsOf(
  place: TurnPlace,
  arm: Arm,
  agent: string,
  action: string,
  messages: readonly ChatMessage[],
) {
  const { deps, rollout, task } = place;
  const acting: Omit<Point, 'stage' | 'spent' | 'facts'> = {
    rollout,
    agent,
    action,
    messages,
    score: null,
    code: null,
    tokens: null,
    replyTokens: null,
    seconds: null,
    breaches: [],
    tool: null,
    programs: 0,
    status: null,
  };
  return {
    called({ usage, seconds }: EventData<'model.called'>) {
      const { promptTokens, replyTokens } = usage;
      Object.assign(acting, { tokens: promptTokens + replyTokens, replyTokens, seconds });
    },
    ran(outcome: string) {
      acting.tool = outcome;
      acting.programs += 1;
    },
    ended(status: string, breaches: readonly string[]) {
      Object.assign(acting, { status, breaches });
    },
    /** Wait here while somebody holds the rollout; throws where the run was cancelled meanwhile. */
    async reach(stage: Stage, judged: Judged = null) {
      // Whoever looks at a held rollout reads it from the log.
      if (deps.gate.watched) await place.log.sync();
      const known = { score: judged?.score ?? null, code: judged?.code ?? null };
      const facts = lookupFacts(arm.facts, task);
      await deps.gate.reach({ ...acting, ...known, stage, spent: deps.budget.share, facts });
      deps.signal.throwIfAborted();
    },
  };
}
