import type { EventData, LogEvent } from './events.js';

/** How a rollout's log says that it ended; null where it goes on, also where it failed and was taken up again. */
export function endingOf(events: readonly LogEvent[]): EventData<'rollout.finished'> | null {
  const last = events.findLast(({ type }) => type === 'rollout.finished' || type === 'rollout.reopened');
  return last?.type === 'rollout.finished' ? last.data : null;
}

/**
 * Whether a rollout came to its end, so that it says something of its team. One that failed did so of no agent's doing (a
 * model that did not answer): it is left out of every mean, share and comparison, and counted beside them.
 */
export function cameToEnd({ status }: Pick<EventData<'rollout.ended'>, 'status'>): boolean {
  return status === 'done';
}

/** Rollouts that a run's log says were taken up again and have not ended since. */
export function reopenedIn(events: readonly LogEvent[]): Set<string> {
  const open = new Set<string>();
  for (const event of events) {
    if (event.type === 'rollout.reopened') open.add(event.data.rollout);
    if (event.type === 'rollout.ended') open.delete(event.data.rollout);
  }
  return open;
}
