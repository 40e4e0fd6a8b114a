// The policy server: it holds the weights of roles, samples from them, reports log-probabilities and applies one
// of three named losses. It must never compute rewards or advantages, decide what is trained, or read the log.
export { type BackendName, type BackendWish, backendNames } from './backend/choose.js';
export { nativeFolder } from './backend/load.js';
export { EngineClient, EngineRefusal } from './client.js';
export * from './protocol.js';
export { type EngineOptions, type RunningEngine, startEngine } from './start.js';
