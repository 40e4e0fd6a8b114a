import { type Ask, CallFailed, type Policy, type Reply } from './ask.js';
import type { Endpoint } from './endpoint.js';
import { openaiPolicy } from './openai.js';

/** Told when a run begins to wait for the editor's models, and when they are there again. */
export interface BridgeListener {
  waiting(): void;
  back(): void;
}

/**
 * Where the editor serves its models just now. Editors come and go: each offer holds until it is withdrawn, the latest
 * one is used, and without one a call waits.
 */
export class EditorBridge {
  private readonly offers = new Map<object, Endpoint>();
  private readonly waiters = new Set<() => void>();
  private waiting = false;
  listener: BridgeListener | null = null;

  /** Whether a call waits for an editor now. */
  get waits(): boolean {
    return this.waiting;
  }

  /** `from`: who offers, by identity. */
  offer(from: object, endpoint: Endpoint): void {
    this.offers.delete(from);
    this.offers.set(from, endpoint);
    if (this.waiting) this.listener?.back();
    this.waiting = false;
    for (const go of this.waiters) go();
    this.waiters.clear();
  }

  withdraw(from: object): void {
    this.offers.delete(from);
  }

  /** An endpoint that did not answer is no offer any more. */
  drop(endpoint: Endpoint): void {
    for (const [from, each] of this.offers) if (each === endpoint) this.offers.delete(from);
  }

  /** The endpoint of now, or of the next editor that comes. Rejects when `signal` is aborted. */
  async endpoint(signal: AbortSignal): Promise<Endpoint> {
    for (;;) {
      signal.throwIfAborted();
      const now = [...this.offers.values()].at(-1);
      if (now) return now;
      if (!this.waiting) this.listener?.waiting();
      this.waiting = true;
      await new Promise<void>((resolve) => {
        const go = () => {
          signal.removeEventListener('abort', go);
          this.waiters.delete(go);
          resolve();
        };
        this.waiters.add(go);
        signal.addEventListener('abort', go);
      });
    }
  }
}

/** A model of the editor, asked where the editor is now. A window that closes in the middle of a call loses nothing. */
export function editorPolicy(bridge: EditorBridge, model: string, timeoutSeconds: number): Policy {
  return {
    name: model,
    async ask(ask: Ask): Promise<Reply> {
      for (;;) {
        const endpoint = await bridge.endpoint(ask.signal);
        const { baseUrl, token } = endpoint;
        try {
          return await openaiPolicy({
            baseUrl,
            model,
            apiKey: token,
            timeoutSeconds,
            tokens: false,
            toolCalls: false,
          }).ask(ask);
        } catch (error) {
          if (!(error instanceof CallFailed) || !error.unreachable) throw error;
          bridge.drop(endpoint);
        }
      }
    },
  };
}
