import type { Endpoint } from '../policy/index.js';
import type { RunInfo } from '../trace/index.js';
import { Failure } from './terminal.js';

/** A running engine, as the commands see it. */
export interface EngineHandle {
  endpoint: Endpoint;
  info: RunInfo['engine'];
  /** How many rollouts make their calls together, where that makes results the same each time; otherwise 1. */
  together: number;
  stop(): Promise<void>;
  /** Resolves with what to say when the engine is lost, or with null when it was ended here. */
  gone?: Promise<Failure | null>;
}

/**
 * Abort a run whose engine is lost: that is no agent's fault, so its rollouts are left unfinished rather than put on
 * record as failed. The loss is the signal's reason.
 */
export function stopWhenLost(engine: EngineHandle | null, abort: AbortController): void {
  void engine?.gone?.then((why) => why && abort.abort(why));
}

/** Throws where a run was aborted because its engine is lost. */
export function throwIfLost({ signal }: AbortController): void {
  if (signal.reason instanceof Failure) throw signal.reason;
}
