// Which workspace an action's changes were in: arms of a `parallel:` have copies, and hand back what they owe alone.
import type { LogEvent } from '../trace/index.js';
import type { ActionRecord } from './actions.js';

/**
 * Whether what an action did to a file was in the workspace in which a later one began. `owner`: the arm in which the
 * file's producer acts; a join takes the file from there and drops it elsewhere.
 */
export function reached(
  action: ActionRecord,
  later: ActionRecord,
  owner: string,
  events: readonly LogEvent[],
): boolean {
  const from = startOf(action, events);
  let arm = action.arm;
  for (const event of events.slice(from, startOf(later, events))) {
    if (event.type !== 'arm.joined' || !event.data.arms.includes(arm)) continue;
    if (!within(owner, arm)) return false;
    arm = arm.slice(0, arm.lastIndexOf('-'));
  }
  return within(later.arm, arm);
}

function startOf({ id }: ActionRecord, events: readonly LogEvent[]): number {
  return events.findIndex((event) => event.type === 'action.started' && event.data.action === id);
}

/** Whether an arm is another one, or was split from it. */
function within(arm: string, other: string): boolean {
  return arm === other || arm.startsWith(`${other}-`);
}
