// The sandbox room: runs one command in a confined workspace and says how it ended, and takes an artifact's facts.
// It must never run anything unconfined without an explicit opt-out, follow a link out of a workspace, unpickle or
// execute on the host what an agent wrote, or decide an outcome by what a program printed.
export { SandboxFailure } from './execute.js';
export { type FactsRequest, takeFacts } from './facts.js';
export { defaultImage, type Opened, type OpenOptions, openSandbox, probeAll } from './open.js';
export {
  type Captured,
  type Command,
  defaultLimits,
  type Finished,
  type Level,
  type LevelReport,
  type Limits,
  levels,
  type Outcome,
  type ProbeReport,
  type Run,
  type Sandbox,
  type Used,
} from './types.js';
