/**
 * rollout/: carry tasks through a workflow: turns, tools, contracts at every handoff, budget, pause and resume. It
 * must never use a reply before it is logged, buy a logged call again, or judge: the judge is handed in.
 */
export { type Again, type Alone, againSchema, aloneSchema, othersOf, specsAlone } from './alone.js';
export { type BatchOptions, groupsOf, runBatch } from './batch.js';
export { Budget, BudgetSpent, capThatStopped, type Spent, shareOf } from './budget.js';
export { type Caps, capIn, capsAmong, limitsOf } from './caps.js';
export { carryRollout, type Ended, type RolloutSpec, specOf, specsFor } from './carry.js';
export * from './control/index.js';
export type { Acting, RolloutDeps, TakeFacts } from './deps.js';
export { factRequests, messageFacts } from './facts.js';
export { feedback } from './feedback.js';
export * from './fork/index.js';
export * from './gate/index.js';
export { actionId, type RolloutName, rolloutId, seedFrom } from './ids.js';
export { Inputs } from './inputs.js';
export { firstMessages } from './messages.js';
export { pythonBlocks } from './reply.js';
