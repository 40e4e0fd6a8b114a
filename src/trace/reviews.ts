import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Happening, LogEvent } from './events.js';
import { readLog } from './read.js';
import type { RunFolder } from './run-folder.js';

/** In a review, an action is named with its rollout. */
export function reviewed(rollout: string, action: string): string {
  return `${rollout}/${action}`;
}

/**
 * What was added to a run later, by rollout: verdicts of another pass and overrules, in the order of their times,
 * with actions named as in the rollout's own log.
 */
export function readReviews(folder: RunFolder): Map<string, LogEvent[]> {
  const reviews = dirname(folder.review('any'));
  const found = new Map<string, LogEvent[]>();
  if (!existsSync(reviews)) return found;
  const names = readdirSync(reviews).filter((name) => name.endsWith('.jsonl'));
  const events = names.flatMap((name) => readLog(`${reviews}/${name}`).events);
  events.sort((a, b) => a.at - b.at || a.seq - b.seq);
  for (const event of events) {
    if (event.type !== 'verdict' && event.type !== 'overrule') continue;
    const at = event.data.action.indexOf('/');
    if (at < 0) continue;
    const rollout = event.data.action.slice(0, at);
    const data = { ...event.data, action: event.data.action.slice(at + 1) };
    const own = { ...event, ...({ type: event.type, data } as Happening) } as LogEvent;
    found.set(rollout, [...(found.get(rollout) ?? []), own]);
  }
  return found;
}
