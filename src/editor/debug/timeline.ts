import * as l10n from '@vscode/l10n';
import type { ActionRecord } from '../../coach/index.js';
import { actionsOf } from '../../coach/index.js';
import { type Counted, countedVerdicts, type EventData, type LogEvent } from '../../trace/index.js';
import { endWords, statusWords } from '../runs/told.js';

/** Where the debugger can stand: before an action, at each thing that happened in it, and at the end. */
export interface Stop {
  is: 'before' | 'model' | 'tool' | 'checked' | 'finished' | 'verdict' | 'end';
  /** Index into the timeline's actions; the last one at the end. */
  action: number;
  /** How many events of the log lie behind this stop: what is known there. */
  events: number;
  says: string;
  /** tool: which one. */
  index: number;
}

/** A recorded rollout as places to stand on. */
export interface Timeline {
  rollout: string;
  events: readonly LogEvent[];
  actions: ActionRecord[];
  verdicts: Map<string, Counted>;
  stops: Stop[];
  outcome: EventData<'outcome'> | null;
}

/** Where a rollout that goes on is held. */
export interface Held {
  action: string;
  agent: string;
  says: string;
}

function nothingYet({ action, agent }: Held): ActionRecord {
  const [visit = 0, turn = 0] = action.split('.').slice(-2).map(Number);
  const nothing = { arm: 'main', call: null, tools: [], checked: null, finished: null };
  return { id: action, agent, visit, turn, ...nothing, turns: [], last: true, final: true };
}

/** Lay out a rollout's log. `reviews` are later verdicts and overrules of the same rollout. */
export function timelineOf(
  rollout: string,
  events: readonly LogEvent[],
  reviews: readonly LogEvent[] = [],
  held: Held | null = null,
): Timeline {
  const actions = actionsOf(events);
  if (held && !actions.some((action) => action.id === held.action)) actions.push(nothingYet(held));
  const verdicts = countedVerdicts([...events, ...reviews]);
  const at = new Map(actions.map((action, index) => [action.id, index]));
  const stops: Stop[] = [];
  for (const [number, event] of events.entries()) {
    const stop = stopOf(event);
    const id = 'action' in event.data && typeof event.data.action === 'string' ? event.data.action : '';
    const action = at.get(id);
    if (!stop || action === undefined) continue;
    stops.push({ index: 0, ...stop, action, events: stop.is === 'before' ? number : number + 1 });
    const counted = stop.is === 'finished' ? verdicts.get(id) : undefined;
    if (counted)
      stops.push({ is: 'verdict', action, events: number + 1, index: 0, says: verdictWords(counted) });
  }
  if (held) {
    const action = actions.findIndex(({ id }) => id === held.action);
    const before = stops.at(-1);
    if (before?.is === 'before' && before.action === action) before.says = held.says;
    else {
      const logged = events.some(
        (event) => event.type === 'action.started' && event.data.action === held.action,
      );
      const is = logged ? (before?.is ?? 'before') : 'before';
      stops.push({ is, action, events: events.length, index: before?.index ?? 0, says: held.says });
    }
    return { rollout, events, actions, verdicts, stops, outcome: null };
  }
  const outcome = events.findLast((event) => event.type === 'outcome')?.data ?? null;
  const says =
    outcome === null
      ? l10n.t('the log ends here')
      : outcome.success
        ? l10n.t('the rollout succeeded')
        : l10n.t('the rollout failed');
  stops.push({ is: 'end', action: Math.max(0, actions.length - 1), events: events.length, index: 0, says });
  return { rollout, events, actions, verdicts, stops, outcome };
}

function stopOf(event: LogEvent): (Pick<Stop, 'is' | 'says'> & { index?: number }) | null {
  switch (event.type) {
    case 'action.started':
      return { is: 'before', says: l10n.t('before {0}', event.data.action) };
    case 'model.called':
      return {
        is: 'model',
        says: l10n.t('the model answered, {0} tokens', event.data.usage.replyTokens),
      };
    case 'tool.ran':
      return {
        is: 'tool',
        says: l10n.t('program {0}: {1}', event.data.index + 1, endWords(event.data.outcome)),
        index: event.data.index,
      };
    case 'artifact.checked':
      return {
        is: 'checked',
        says:
          event.data.breaches.length === 0
            ? l10n.t('its contracts hold')
            : event.data.breaches.map((each) => each.message).join('; '),
      };
    case 'action.finished':
      return {
        is: 'finished',
        says: l10n.t('{0} is {1}', event.data.action, statusWords(event.data.status)),
      };
    default:
      return null;
  }
}

function verdictWords({ score, verdict }: Counted): string {
  return l10n.t('verdict {0}: {1}', score ?? 'null', verdict.diagnosis || verdict.reason || '');
}

export type Move = 'next' | 'stepIn' | 'stepOut' | 'stepBack';

/** The stop that a single step leads to; the ends hold. */
export function move(timeline: Timeline, from: number, how: Move): number {
  const { stops } = timeline;
  const last = stops.length - 1;
  if (how === 'stepIn') return Math.min(last, from + 1);
  if (how === 'stepBack') {
    for (let at = from - 1; at >= 0; at--) if (stops[at]!.is === 'before') return at;
    return 0;
  }
  for (let at = from + 1; at <= last; at++) if (stops[at]!.is === 'before' || at === last) return at;
  return last;
}

/** The next stop in a direction that `hit` wants to stand on, or the end of the log in that direction. */
export function run(
  timeline: Timeline,
  from: number,
  direction: 1 | -1,
  hit: (stop: Stop) => string | null,
): { at: number; reason: string | null } {
  const { stops } = timeline;
  for (let at = from + direction; at >= 0 && at < stops.length; at += direction) {
    const reason = hit(stops[at]!);
    if (reason !== null) return { at, reason };
  }
  return { at: direction === 1 ? stops.length - 1 : 0, reason: null };
}

/** The actions of a role up to a stop, the latest first: its frames. */
export function framesOf(timeline: Timeline, at: number, role: string): number[] {
  const now = timeline.stops[at]!.action;
  return timeline.actions
    .flatMap((action, index) => (action.agent === role && index <= now ? [index] : []))
    .reverse();
}

export function rolesOf(timeline: Timeline): string[] {
  return [...new Set(timeline.actions.map((action) => action.agent))];
}
