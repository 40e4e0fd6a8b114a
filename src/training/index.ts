/**
 * training/: experience from the log, rewards, returns and advantages (here and nowhere else), updates and their
 * proof. It must never tokenise text again, train on a null verdict, or believe an update it has not proven.
 */
export { type ExperienceOptions, experienceOptions, samplesOf, shuffleRewards } from './experience.js';
export * from './loop/index.js';
export {
  type AdvantageOptions,
  type Advantages,
  advantageOptions,
  advantagesOf,
  type Earned,
  earnedBy,
  moments,
  propagateRewards,
  type Sample,
  tokenReturns,
} from './rewards.js';
export { learningRate, minibatchesOf, type RoleReport, type RoleState, updateRole } from './update.js';
export { type Canary, canaryOf, type Proof, proveUpdate, shareOfMove, UpdateNotProven } from './verify.js';
