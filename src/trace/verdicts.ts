import { agentOf } from './action-names.js';
import type { EventData, LogEvent, Verdict } from './events.js';

/** The verdict of an action that counts, and whether a person overruled it. */
export interface Counted {
  verdict: Verdict;
  overrule: EventData<'overrule'> | null;
  /** The score that counts: a person's, else the verdict's. */
  score: number | null;
}

/**
 * One rule says which verdict counts: of the last time that somebody judged, the backward pass over the forward pass;
 * a contract's verdict over any model's, unless the contract left the score open; a person's overrule over all.
 * Whoever judges asks the contracts first, so that a verdict of theirs that was given before begins another time.
 * `events` are the rollout's own, then the reviews', each in the order of writing.
 */
export function countedVerdicts(events: Iterable<LogEvent>): Map<string, Counted> {
  const chosen = new Map<string, Verdict>();
  const overrules = new Map<string, EventData<'overrule'>>();
  const given = new Map<string, Set<Verdict['pass']>>();
  for (const event of events) {
    if (event.type === 'overrule') overrules.set(event.data.action, event.data);
    if (event.type !== 'verdict') continue;
    const { action, judge, pass } = event.data;
    if (judge === 'contracts') {
      if (given.get(action)?.has(pass)) {
        chosen.delete(action);
        given.delete(action);
      }
      given.set(action, new Set([...(given.get(action) ?? []), pass]));
    }
    const before = chosen.get(action);
    if (!before || weight(event.data) >= weight(before)) chosen.set(action, event.data);
  }
  return new Map(
    [...chosen].map(([action, verdict]) => {
      const overrule = overrules.get(action) ?? null;
      return [action, { verdict, overrule, score: overrule ? overrule.score : verdict.score }];
    }),
  );
}

function weight(verdict: Verdict): number {
  const byContract = verdict.judge === 'contracts';
  const decided = byContract && verdict.code !== null;
  return (decided ? 4 : byContract ? 0 : 2) + (verdict.pass === 'backward' ? 1 : 0);
}

/** From here on a score says that nothing was wrong. */
const GOOD = 5;

/** The scores that count, as a rollout's row in run.jsonl has them; with the reviews' events, as they count now. */
export function scoresOf(events: readonly LogEvent[]): EventData<'rollout.ended'>['scores'] {
  const agents = new Map(
    events.flatMap((event) =>
      event.type === 'action.started' ? [[event.data.action, event.data.agent] as const] : [],
    ),
  );
  return [...countedVerdicts(events)].map(([action, { verdict, overrule, score }]) => ({
    action,
    agent: agents.get(action) ?? agentOf(action),
    score,
    // Whom a person clears broke nothing, and neither did what cannot be judged.
    ...(overrule && (score === null || score >= GOOD)
      ? { code: null, blamed: null }
      : { code: verdict.code, blamed: verdict.blamed?.agent ?? null }),
    diagnosis: overrule ? `${overrule.author}: ${overrule.reason}` : verdict.diagnosis,
    file: verdict.evidence.find((each) => each.file !== null)?.file ?? null,
  }));
}
