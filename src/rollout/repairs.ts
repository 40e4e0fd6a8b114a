import type { EventData, LogEvent } from '../trace/index.js';

/**
 * Visits of agents whose first turn was broken (a contract was, or a program failed), and those of them whose last
 * turn was not, from a rollout's log.
 */
export function repairsIn(events: readonly LogEvent[]): EventData<'rollout.ended'>['repaired'] {
  const broken = new Set<string>();
  const visits = new Map<string, { first: boolean; last: boolean }>();
  for (const { type, data } of events) {
    if (type === 'tool.ran' && data.outcome !== 'ok') broken.add(data.action);
    if (type === 'artifact.checked' && data.breaches.length > 0) broken.add(data.action);
    if (type !== 'action.finished' || data.status === 'blocked') continue;
    const visit = data.action.slice(0, data.action.lastIndexOf('.'));
    const last = broken.has(data.action);
    visits.set(visit, { first: visits.get(visit)?.first ?? last, last });
  }
  const failed = [...visits.values()].filter(({ first }) => first);
  return { failed: failed.length, repaired: failed.filter(({ last }) => !last).length };
}
