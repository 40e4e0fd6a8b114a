import { setTimeout as sleep } from 'node:timers/promises';
import type { Ask, Policy, Reply } from './ask.js';
import { CallFailed } from './ask.js';

export interface Failure {
  attempt: number;
  error: string;
  again: boolean;
  made: boolean;
}

export interface RetryOptions {
  attempts: number;
  /** Called for each failed attempt, before the wait. `made`: a server had the request, whatever came of it. */
  onFailure: (failure: Failure) => void | Promise<void>;
}

const FIRST_WAIT = 0.5;
const LONGEST_WAIT = 20;

/** Ask, and ask again with growing, jittered waits where that makes sense. Throws the last failure. */
export async function askWithRetries(
  policy: Policy,
  ask: Ask,
  options: RetryOptions,
): Promise<{ reply: Reply; attempt: number }> {
  for (let attempt = 0; ; attempt++) {
    try {
      return { reply: await policy.ask(ask), attempt };
    } catch (error) {
      if (ask.signal.aborted) throw error;
      const failed = error instanceof CallFailed ? error : new CallFailed((error as Error).message, false);
      const again = failed.again && attempt + 1 < options.attempts;
      await options.onFailure({ attempt, error: failed.message, again, made: !failed.unreachable });
      if (!again) throw failed;
      const backoff = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt) * (0.5 + Math.random() / 2);
      await sleep(Math.min(LONGEST_WAIT, failed.wait ?? backoff) * 1000, undefined, { signal: ask.signal });
    }
  }
}
