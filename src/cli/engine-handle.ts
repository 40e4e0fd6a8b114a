import type { Endpoint } from '../policy/index.js';
import type { RunInfo } from '../trace/index.js';

/** A running engine, as the commands see it. */
export interface EngineHandle {
  endpoint: Endpoint;
  info: RunInfo['engine'];
  stop(): Promise<void>;
}
