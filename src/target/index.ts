// target/: brings an engine, or a whole training loop, up somewhere: here, over ssh, on a Ray cluster. It must
// never define a target from a workflow's folder, store a key on another machine, or accept a host key by itself.

export { askedThere } from './base.js';
export { targetsSchema } from './declared.js';
export { engineOf, type Finding, type Wanted } from './finding.js';
export type { JobHost, JobState, Launch, Launched } from './host.js';
export { type Cargo, cargoOf, staysByName } from './job/cargo.js';
export { Diverged } from './job/fetch.js';
export { type Manifest, manifestHash, manifestOf } from './job/manifest.js';
export {
  EnvironmentError,
  type EnvironmentOptions,
  ensureEnvironment,
  environmentFolder,
  findProgram,
  readyMarker,
  readyPython,
} from './local/environment.js';
export { type Gpu, hasGpu, localGpus, parseGpus } from './local/gpu.js';
export { assess, passes } from './preflight.js';
export { type MachineFacts, probeHere, probeThere } from './probe.js';
export { RayError } from './ray/client.js';
export { Cluster } from './ray/cluster.js';
export { clusterFindings } from './ray/findings.js';
export { Box, cacheThere } from './ssh/box.js';
export { bringNode } from './ssh/bring-node.js';
export { SshError, sshArguments } from './ssh/connection.js';
export { type Held, holdThere } from './ssh/held.js';
export { jobName } from './ssh/host.js';
export { sshHosts } from './ssh/hosts.js';
export { openTunnel, type Tunnel } from './ssh/tunnel.js';
export {
  addTarget,
  findTarget,
  parseTargets,
  type RayTarget,
  readTargets,
  type SshTarget,
  setNode,
  type Target,
  type TargetFault,
  type TargetInput,
  TargetProblem,
  targetProblem,
  targetsFile,
} from './targets.js';
