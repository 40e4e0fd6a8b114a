import type { LogEvent } from './events.js';

/**
 * Seconds that a run was carried out in the sittings on its log, `run.jsonl`: each from its start to the last thing it
 * put on record, so that the time between a stop and the resume counts for nothing.
 */
export function sittingSeconds(events: readonly LogEvent[]): number {
  let total = 0;
  let from: number | null = null;
  for (const [at, event] of events.entries()) {
    if (event.type === 'run.started' || event.type === 'run.resumed') from = event.at;
    const next = events[at + 1];
    if (from !== null && (next === undefined || next.type === 'run.resumed')) total += event.at - from;
  }
  return total / 1000;
}
