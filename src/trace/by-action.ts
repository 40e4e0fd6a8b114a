import type { LogEvent } from './events.js';

/**
 * A rollout's events with those of each action together behind its start, and all else where it was logged: agents that
 * act beside each other are in the log as they came. An action that was started anew begins anew there.
 */
export function byAction(events: readonly LogEvent[]): LogEvent[] {
  const groups: LogEvent[][] = [];
  const open = new Map<string, LogEvent[]>();
  for (const event of events) {
    const own = open.get(actionOf(event) ?? '');
    if (own && event.type !== 'action.started') own.push(event);
    else {
      const group = [event];
      groups.push(group);
      if (event.type === 'action.started') open.set(event.data.action, group);
    }
  }
  return groups.flat();
}

/** The action that an event is a part of; a verdict that was given after the outcome is none. */
function actionOf({ type, data }: LogEvent): string | undefined {
  if (type === 'verdict' && data.pass === 'backward') return undefined;
  return 'action' in data && typeof data.action === 'string' ? data.action : undefined;
}
