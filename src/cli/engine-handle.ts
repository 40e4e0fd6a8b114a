import type { Endpoint } from '../policy/index.js';
import { Failure } from './terminal.js';

/** What a run's folder keeps of its engine. `reasons`: why it computes and samples with what it does; `base`: a hash. */
export type EngineInfo = {
  engine: string;
  backend: string;
  reasons: string[];
  base: string;
  sampler?: string;
};

/** A running engine, as the commands see it. */
export interface EngineHandle {
  endpoint: Endpoint;
  info: EngineInfo;
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
