// The engine: the process that holds policies, samples from them and updates them, and the client that talks
// to it. It must never compute rewards, returns or advantages: it applies the three named losses and no more.
export {
  type BackendName,
  type BackendWish,
  backendNames,
  type Choice,
  choose,
  type Trial,
} from './backend/choose.js';
export { type InstallOptions, installGpu, installNative } from './backend/install.js';
export { loadBackend, nativeFolder } from './backend/load.js';
export { type BaseModel, readBaseModel } from './base.js';
export {
  type ChatCall,
  EngineCallError,
  EngineClient,
  type LogprobsCall,
  type UpdateCall,
} from './client.js';
export {
  type Candidate,
  PolicyProblem,
  type PolicyRecord,
  PolicyRegistry,
  promotedBase,
} from './policies/registry.js';
export { announceServed, type ServedPolicy, servedOf } from './policies/serving.js';
export { type Engine, EngineRefusal } from './process.js';
export type {
  ChatReply,
  Checkpoint,
  CheckpointsRequest,
  Health,
  Kl,
  LogprobsReply,
  Loss,
  Models,
  UpdateReply,
  UpdateRequest,
} from './protocol.js';
export {
  type EngineOptions,
  mergeAdapter,
  startEngine,
  startTorchEngine,
  type TorchOptions,
  torchSource,
} from './start.js';
