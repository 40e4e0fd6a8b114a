/**
 * policy/: ask a model to act: OpenAI-compatible servers, the embedded engine, recorded replies. It must never
 * send a key to another origin than its own, or hide that a call failed.
 */
export {
  type Ask,
  CallFailed,
  type ChatMessage,
  mostTokens,
  type Policy,
  type Reply,
  type Usage,
} from './ask.js';
export { discoverModels, type Found } from './discover.js';
export { EditorBridge } from './editor.js';
export type { Endpoint } from './endpoint.js';
export { openPolicy, type PolicySources } from './open.js';
export { LONGEST_TIMER, openaiPolicy, type ServerOptions } from './openai.js';
export { patientFetch } from './patient.js';
export { type Recording, readRecordings, recordedPolicy } from './recorded.js';
export { askWithRetries, type RetryOptions } from './retry.js';
export {
  carriedEnvironment,
  configFolder,
  type HandedKeys,
  type KeySources,
  parseKeys,
  resolveKey,
  SecretFile,
  takeCarried,
} from './secrets.js';
