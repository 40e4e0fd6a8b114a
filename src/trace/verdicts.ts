import { agentOf } from './action-names.js';
import type { EventData, LogEvent, Verdict } from './events.js';

/** The verdict of an action that counts, and whether a person overruled it. */
export interface Counted {
  verdict: Verdict;
  /** Each person's last word, in the order in which they were said. */
  said: EventData<'overrule'>[];
  /** The last of them: it counts. */
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
export function countedVerdicts(events: readonly LogEvent[]): Map<string, Counted> {
  const chosen = new Map<string, Verdict>();
  const overrules = saidIn(events);
  /** Passes in which the contracts were asked, of whoever judged last. */
  const asked = new Map<string, Set<Verdict['pass']>>();
  for (const event of events) {
    if (event.type !== 'verdict') continue;
    const { action, judge, pass } = event.data;
    const anew = judge === 'contracts' && asked.get(action)?.has(pass) === true;
    if (judge === 'contracts') asked.set(action, new Set([...(anew ? [] : (asked.get(action) ?? [])), pass]));
    const before = chosen.get(action);
    if (!before || anew || weight(event.data) >= weight(before)) chosen.set(action, event.data);
  }
  return new Map(
    [...chosen].map(([action, verdict]) => {
      const said = overrules.get(action) ?? [];
      const overrule = said.at(-1) ?? null;
      return [action, { verdict, said, overrule, score: overrule ? overrule.score : verdict.score }];
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

type Scores = EventData<'rollout.ended'>['scores'];

/** The scores that count, as a rollout's row in run.jsonl has them; with the reviews' events, as they count now. */
export function scoresOf(events: readonly LogEvent[]): Scores {
  const agents = new Map(
    events.flatMap((event) =>
      event.type === 'action.started' ? [[event.data.action, event.data.agent] as const] : [],
    ),
  );
  return [...countedVerdicts(events)].map(([action, counted]) =>
    scoreOf(action, agents.get(action) ?? agentOf(action), counted),
  );
}

/**
 * A row's scores as they count after these reviews, without its rollout's log: who judges again judges every action,
 * the contracts first, so that of what was judged before nothing counts any more.
 */
export function scoresNow(scores: Scores, reviews: readonly LogEvent[]): Scores {
  const again = countedVerdicts(reviews);
  const said = saidIn(reviews);
  return scores.map((before) => {
    const { action, agent } = before;
    const counted = again.get(action);
    if (counted) return scoreOf(action, agent, counted);
    const overrule = said.get(action)?.at(-1);
    return overrule ? { ...before, ...overruled(before, agent, overrule) } : before;
  });
}

function scoreOf(action: string, agent: string, { verdict, overrule }: Counted): Scores[number] {
  const { score, code, diagnosis } = verdict;
  const judged = {
    ...{ action, agent, score, code, blamed: verdict.blamed?.agent ?? null, diagnosis },
    file: verdict.evidence.find((each) => each.file !== null)?.file ?? null,
  };
  return overrule ? { ...judged, ...overruled(judged, agent, overrule) } : judged;
}

/** What a person's word makes of a score, its failure and who is blamed for it. */
function overruled(
  { code, blamed }: { code: string | null; blamed: string | null },
  agent: string,
  { score, author, reason }: EventData<'overrule'>,
): Pick<Scores[number], 'score' | 'code' | 'blamed' | 'diagnosis'> {
  const says = { score, diagnosis: `${author}: ${reason}` };
  // Whom a person clears broke nothing, and neither did what cannot be judged.
  if (score === null || score >= GOOD) return { ...says, code: null, blamed: null };
  // A person finds wrong what every judge let pass: the reason says how.
  return code === null ? { ...says, code: 'judged.low', blamed: agent } : { ...says, code, blamed };
}

/** Each person's last word on each action, in the order in which they were said. */
function saidIn(events: readonly LogEvent[]): Map<string, EventData<'overrule'>[]> {
  const said = new Map<string, EventData<'overrule'>[]>();
  for (const event of events) {
    if (event.type !== 'overrule') continue;
    const { action, author } = event.data;
    const others = (said.get(action) ?? []).filter((each) => each.author !== author);
    said.set(action, [...others, event.data]);
  }
  return said;
}
