import { type LogEvent, pauses } from './events.js';

/**
 * Seconds that a run was carried out in the sittings on its log, `run.jsonl`: each from its start to the last thing it
 * put on record, so that the time between a stop and the resume counts for nothing. Up to a moment (`until`, Unix ms)
 * they are what the run itself counted then: a sitting that goes on at that moment counts to it, whenever it last put
 * something on record.
 */
export function sittingSeconds(events: readonly LogEvent[], until?: number): number {
  const begun = sittingsOf(events).filter(({ from }) => until === undefined || from <= until);
  const total = begun.reduce((sum, { from, last, ended }, at) => {
    const goesOn = at === begun.length - 1 && !ended;
    if (until === undefined) return sum + last - from;
    return sum + (goesOn ? until : Math.min(last, until)) - from;
  }, 0);
  return total / 1000;
}

interface Sitting {
  from: number;
  last: number;
  /** It said that it stops, rather than be killed or go on. */
  ended: boolean;
}

function sittingsOf(events: readonly LogEvent[]): Sitting[] {
  const sittings: Sitting[] = [];
  for (const event of events) {
    if (event.type === 'run.started' || event.type === 'run.resumed')
      sittings.push({ from: event.at, last: event.at, ended: false });
    const own = sittings.at(-1);
    if (!own) continue;
    own.last = event.at;
    own.ended ||= ends(event);
  }
  return sittings;
}

/** One that is paused by hand, or waits for the editor, goes on. */
function ends(event: LogEvent): boolean {
  if (event.type !== 'run.paused') return event.type === 'run.finished';
  return !(Object.values(pauses) as string[]).includes(event.data.why);
}
