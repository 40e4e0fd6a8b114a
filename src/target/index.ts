// target/: brings an engine, or a whole training loop, up somewhere: here, over ssh, on a Ray cluster. It must
// never define a target from a workflow's folder, store a key on another machine, or accept a host key by itself.
export {
  EnvironmentError,
  type EnvironmentOptions,
  ensureEnvironment,
  environmentFolder,
  findProgram,
  readyPython,
} from './local/environment.js';
export { type Gpu, hasGpu, localGpus, parseGpus } from './local/gpu.js';
