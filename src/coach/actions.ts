import type { EventData, LogEvent } from '../trace/index.js';

/** Everything the log holds on one action. */
export interface ActionRecord {
  id: string;
  agent: string;
  visit: number;
  turn: number;
  arm: string;
  call: EventData<'model.called'> | null;
  tools: EventData<'tool.ran'>[];
  checked: EventData<'artifact.checked'> | null;
  finished: EventData<'action.finished'> | null;
  /** All turns of its agent's visit, in order; it is one of them. */
  turns: readonly ActionRecord[];
  /** Whether it is the last turn of its agent's visit. */
  last: boolean;
  /** Whether its agent does nothing after it, in no later visit either. */
  final: boolean;
}

/** The actions of a rollout in the order in which they started. */
export function actionsOf(events: readonly LogEvent[]): ActionRecord[] {
  const actions = new Map<string, ActionRecord>();
  for (const event of events) {
    if (event.type === 'action.started') {
      const { action: id, agent, visit, turn, arm } = event.data;
      const known = actions.get(id);
      // It was stopped, and starts anew with the reply on record: only what its programs did is done again.
      if (known) Object.assign(known, { tools: [], checked: null, finished: null });
      else
        actions.set(id, {
          id,
          agent,
          visit,
          turn,
          arm,
          call: null,
          tools: [],
          checked: null,
          finished: null,
          turns: [],
          last: true,
          final: true,
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
  const visits = new Map<string, ActionRecord[]>();
  const finals = new Map<string, ActionRecord>();
  for (const record of list) {
    const key = `${record.agent} ${record.visit}`;
    const turns = visits.get(key) ?? [];
    turns.push(record);
    visits.set(key, turns);
    record.turns = turns;
    finals.set(record.agent, record);
  }
  for (const record of list) {
    record.last = record.turns.at(-1) === record;
    record.final = finals.get(record.agent) === record;
  }
  return list;
}
