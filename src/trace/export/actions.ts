import { isFork } from '../action-names.js';
import type { Blobs } from '../bodies.js';
import type { EventData, LogEvent, Outcome } from '../events.js';
import { RolloutPages, type RolloutRow } from '../pages.js';
import { readLog } from '../read.js';
import { readReviews } from '../reviews.js';
import type { RunFolder } from '../run-folder.js';
import { type Counted, countedVerdicts } from '../verdicts.js';

/** One rollout of a run as exports see it: everything that was logged of it, reviews included. */
export interface ExportedRollout {
  row: RolloutRow;
  started: EventData<'rollout.started'> | null;
  outcome: Outcome | null;
  events: readonly LogEvent[];
  actions: ExportedAction[];
}

export interface ExportedAction {
  action: string;
  agent: string;
  startedAt: number;
  endedAt: number;
  status: string;
  call: (EventData<'model.called'> & { at: number }) | null;
  tools: (EventData<'tool.ran'> & { at: number })[];
  breaches: string[];
  counted: Counted | null;
}

/** Every ended rollout of a run, one after the other: a large run is never in memory as a whole. */
export function* exportedRollouts(folder: RunFolder, forks = false): Generator<ExportedRollout> {
  const pages = new RolloutPages(folder);
  const reviews = readReviews(folder);
  for (let at = 0; at < pages.count(); at++) {
    const row = pages.page(at, 1)[0];
    if (!row || (!forks && isFork(row))) continue;
    const events = [...readLog(folder.rollout(row.rollout)).events, ...(reviews.get(row.rollout) ?? [])];
    const started = events.find((event) => event.type === 'rollout.started');
    yield {
      row,
      started: started?.type === 'rollout.started' ? started.data : null,
      outcome: row.outcome,
      events,
      actions: actionsOf(events),
    };
  }
}

function actionsOf(events: readonly LogEvent[]): ExportedAction[] {
  const counted = countedVerdicts(events);
  const found = new Map<string, ExportedAction>();
  for (const event of events) {
    if (event.type === 'action.started') {
      const { action, agent } = event.data;
      const known = found.get(action);
      // It was stopped, and starts anew with the reply on record: only what its programs did is done again.
      if (known) Object.assign(known, { tools: [], breaches: [] });
      else
        found.set(action, {
          action,
          agent,
          startedAt: event.at,
          endedAt: event.at,
          status: 'open',
          call: null,
          tools: [],
          breaches: [],
          counted: counted.get(action) ?? null,
        });
      continue;
    }
    const own = 'action' in event.data ? found.get(event.data.action ?? '') : undefined;
    if (!own) continue;
    if (event.type === 'model.called') own.call = { ...event.data, at: event.at };
    if (event.type === 'tool.ran') own.tools.push({ ...event.data, at: event.at });
    if (event.type === 'artifact.checked') own.breaches = event.data.breaches.map((breach) => breach.code);
    if (event.type === 'action.finished')
      Object.assign(own, { endedAt: event.at, status: event.data.status });
  }
  return [...found.values()];
}

/** The messages of a call, as they were sent. */
export function messagesOf(
  call: EventData<'model.called'>,
  blobs: Blobs,
): { role: string; content: string }[] {
  return JSON.parse(blobs.text(call.messages)) as { role: string; content: string }[];
}
