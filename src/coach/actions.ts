import type { EventData, LogEvent } from '../trace/index.js';

/** Everything the log holds on one action. */
export interface ActionRecord {
  id: string;
  agent: string;
  visit: number;
  turn: number;
  call: EventData<'model.called'> | null;
  tools: EventData<'tool.ran'>[];
  checked: EventData<'artifact.checked'> | null;
  finished: EventData<'action.finished'> | null;
  /** Whether it is the last turn of its agent's visit. */
  last: boolean;
}

/** The actions of a rollout in the order in which they started. */
export function actionsOf(events: readonly LogEvent[]): ActionRecord[] {
  const actions = new Map<string, ActionRecord>();
  for (const event of events) {
    if (event.type === 'action.started') {
      const { action: id, agent, visit, turn } = event.data;
      actions.set(id, {
        id,
        agent,
        visit,
        turn,
        call: null,
        tools: [],
        checked: null,
        finished: null,
        last: true,
      });
    }
    if (!('action' in event.data) || typeof event.data.action !== 'string') continue;
    const record = actions.get(event.data.action);
    if (!record) continue;
    if (event.type === 'model.called') record.call = event.data;
    if (event.type === 'tool.ran') record.tools[event.data.index] = event.data;
    if (event.type === 'artifact.checked') record.checked = event.data;
    if (event.type === 'action.finished') record.finished = event.data;
  }
  const list = [...actions.values()];
  for (const record of list)
    record.last = !list.some(
      (other) => other.agent === record.agent && other.visit === record.visit && other.turn > record.turn,
    );
  return list;
}
