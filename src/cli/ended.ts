import type { Ended } from '../rollout/index.js';
import { isFork, RolloutPages, type RunFolder, readLog, readReviews, scoresOf } from '../trace/index.js';

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
