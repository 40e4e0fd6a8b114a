import type { Ended } from '../rollout/index.js';
import {
  isFork,
  type LogEvent,
  RolloutPages,
  type RunFolder,
  readLog,
  readReviews,
  scoresOf,
} from '../trace/index.js';
import { exit, Failure } from './terminal.js';

/** Every ended rollout of a run, with the verdicts that count by now; without its forks, which are no part of what was measured, unless they are asked for. */
export function endedOf(folder: RunFolder, forks = false): Ended[] {
  const reviews = readReviews(folder);
  return new RolloutPages(folder)
    .all()
    .filter((row) => forks || !isFork(row))
    .map((ended) => {
      const later = reviews.get(ended.rollout);
      if (!later) return ended;
      return { ...ended, scores: scoresOf([...readLog(folder.rollout(ended.rollout)).events, ...later]) };
    });
}

/** Why a rollout did not come to its end, as its log says it; null where it did, or does not say. */
export function reasonOf(folder: RunFolder, rollout: string): string | null {
  const finished = readLog(folder.rollout(rollout)).events.findLast(
    (event) => event.type === 'rollout.finished',
  );
  return finished?.data.status === 'done' ? null : (finished?.data.reason ?? null);
}

/** Throws where `action` is none of those that have ended in a rollout. */
export function mustHaveEnded(rollout: string, events: readonly LogEvent[], action: string): void {
  const known = events.flatMap((event) => (event.type === 'action.finished' ? [event.data.action] : []));
  if (!known.includes(action))
    throw new Failure(
      'action.unknown',
      `"${action}" is no action of ${rollout} that has ended; it has ${known.join(', ') || 'none'}.`,
      exit.usage,
    );
}
