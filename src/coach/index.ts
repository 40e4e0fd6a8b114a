/**
 * coach/: verdicts on actions: by contract first, by a model where no contract decides. It must never invent a
 * score: what cannot be judged is null, with its reason.
 */
export { type ActionRecord, actionsOf } from './actions.js';
export { type BlameRow, blameTable, culprit, unblamed } from './blame.js';
export { contractCoach, judgeByContracts } from './contracts.js';
export { type ModelCoachOptions, modelCoach, readAnswer } from './model.js';
