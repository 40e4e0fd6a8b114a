import { basename } from 'node:path';
import type { LogEvent } from './events.js';
import { readLine, scanLines } from './lines.js';
import type { RunFolder } from './run-folder.js';

/** What a model call took; one that a server had and did not answer took nothing, and is a call. */
export interface Took {
  tokens: number;
  dollars: number;
}

/** A model call that a run made. */
export interface Bought extends Took {
  rollout: string;
  /** Unix ms. */
  at: number;
}

/** What the call of an event took; null where it is none that was made here. */
export function tookOf(event: LogEvent | undefined): Took | null {
  if (event?.type === 'call.failed') return event.data.made ? { tokens: 0, dollars: 0 } : null;
  if (event?.type !== 'model.called' || event.data.copied) return null;
  const { usage, dollars } = event.data;
  return { tokens: usage.promptTokens + usage.replyTokens, dollars };
}

/** Every call that a run's logs hold, of agents and of the coach, in rollouts and branches that go on as well. */
export function boughtCalls(folder: RunFolder): Bought[] {
  return folder.rolloutLogs().flatMap((path) =>
    scanLines(path)
      .filter(({ type }) => type === 'model.called' || type === 'call.failed')
      .flatMap((line) => {
        const event = readLine(path, line);
        const took = tookOf(event);
        return event && took ? [{ rollout: basename(path, '.jsonl'), at: event.at, ...took }] : [];
      }),
  );
}
