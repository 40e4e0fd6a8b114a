import type { LogEvent } from './events.js';

/**
 * A rollout's events with those of each action together behind its start, and all else where it was logged: agents that
 * act beside each other are in the log as they came. An action that was started anew begins anew there.
 */
export function byAction(events: readonly LogEvent[]): LogEvent[] {
  return grouped(events, (event) => ({ type: event.type, action: actionOf(event) }));
}

/** The same for whatever tells the type and the action of an event, as a line of a log that was not decoded does. */
export function grouped<T>(
  items: readonly T[],
  about: (item: T) => { type: string | null; action: string | null },
): T[] {
  const groups: T[][] = [];
  const open = new Map<string, T[]>();
  for (const item of items) {
    const { type, action } = about(item);
    const own = action === null ? undefined : open.get(action);
    if (own && type !== 'action.started') own.push(item);
    else {
      const group = [item];
      groups.push(group);
      if (type === 'action.started' && action !== null) open.set(action, group);
    }
  }
  return groups.flat();
}

/** The action that an event is a part of; a verdict that was given after the outcome is none. */
function actionOf({ type, data }: LogEvent): string | null {
  if (type === 'verdict' && data.pass === 'backward') return null;
  return 'action' in data && typeof data.action === 'string' ? data.action : null;
}
