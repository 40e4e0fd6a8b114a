export { EveryRolloutFailed, type Splits, type Trained, TrainingBudgetSpent, TrainingLoop } from './loop.js';
export { type LoopParts, rolloutsAStep, rolloutsAtATime, type Watch } from './parts.js';
export type { RoleActivity, StepReport } from './report.js';
export {
  adaptKl,
  bestCheckpoint,
  type RoleProgress,
  recoverTraining,
  type SavedCheckpoint,
  savedCheckpoints,
  stepName,
} from './state.js';
export { TensorBoard } from './tensorboard.js';
