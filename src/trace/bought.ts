import { basename } from 'node:path';
import { readLine, scanLines } from './lines.js';
import type { RunFolder } from './run-folder.js';

/** A model call that a run paid for. */
export interface Bought {
  rollout: string;
  /** Unix ms. */
  at: number;
  tokens: number;
  dollars: number;
}

/** Every call that a run's logs hold, of agents and of the coach, in rollouts and branches that go on as well. */
export function boughtCalls(folder: RunFolder): Bought[] {
  return folder.rolloutLogs().flatMap((path) =>
    scanLines(path)
      .filter(({ type }) => type === 'model.called')
      .flatMap((line) => {
        const event = readLine(path, line);
        if (event?.type !== 'model.called' || event.data.copied) return [];
        const { usage, dollars } = event.data;
        const tokens = usage.promptTokens + usage.replyTokens;
        return [{ rollout: basename(path, '.jsonl'), at: event.at, tokens, dollars }];
      }),
  );
}
