import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { fromReviewed, reviewed } from './action-names.js';
import type { Happening, LogEvent } from './events.js';
import { withLock } from './lock.js';
import { readLog } from './read.js';
import type { RunFolder } from './run-folder.js';
import { LogWriter } from './write.js';

/**
 * What was added to a run later, by rollout: verdicts of another pass and overrules, in the order of their times,
 * with actions named as in the rollout's own log.
 */
export function readReviews(folder: RunFolder): Map<string, LogEvent[]> {
  const { reviews } = folder;
  const found = new Map<string, LogEvent[]>();
  if (!existsSync(reviews)) return found;
  const names = readdirSync(reviews).filter((name) => name.endsWith('.jsonl'));
  const events = names.flatMap((name) => timed(readLog(`${reviews}/${name}`).events));
  events.sort((a, b) => a.by - b.by);
  for (const { event } of events) {
    if (event.type !== 'verdict' && event.type !== 'overrule') continue;
    const named = fromReviewed(event.data.action);
    if (!named) continue;
    const { rollout, action } = named;
    const data = { ...event.data, action };
    const own = { ...event, ...({ type: event.type, data } as Happening) } as LogEvent;
    found.set(rollout, [...(found.get(rollout) ?? []), own]);
  }
  return found;
}

/** When each was written at the latest: clocks are set back, and what one writer wrote stays in its order. */
function timed(events: readonly LogEvent[]): { event: LogEvent; by: number }[] {
  let by = Number.POSITIVE_INFINITY;
  return events
    .toReversed()
    .map((event) => {
      by = Math.min(by, event.at);
      return { event, by };
    })
    .reverse();
}

/** Open a log under reviews/. */
export function openReview(folder: RunFolder, name: string): ReturnType<typeof LogWriter.open> {
  makeReviews(folder);
  return LogWriter.open(folder.review(name));
}

/** The path of the lock for a writer of reviews. */
export function reviewLock(folder: RunFolder, writer: string): string {
  makeReviews(folder);
  return `${folder.review(writer)}.lock`;
}

/** A recorded run may lack the folder. */
function makeReviews(folder: RunFolder): void {
  mkdirSync(folder.reviews, { recursive: true, mode: 0o700 });
}

/** A person's word on an action. */
export interface Overrule {
  rollout: string;
  action: string;
  /** 0 to 10; null: the action cannot be judged and is masked. */
  score: number | null;
  reason: string;
  author: string;
}

/** Keep a person's word in the run's reviews. It is on disk when this resolves. */
export async function keepOverrule(folder: RunFolder, given: Overrule): Promise<void> {
  const { rollout, action, score, reason, author } = given;
  const writer = `person-${author.replace(/[^\w.-]/g, '_')}`;
  // One after the other: a person has an editor and a terminal, and a log has one writer.
  await withLock(reviewLock(folder, writer), async () => {
    const { log } = await openReview(folder, writer);
    log.append({ type: 'overrule', data: { action: reviewed(rollout, action), score, author, reason } });
    await log.close();
  });
}
