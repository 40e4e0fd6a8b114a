export { type Splits, type Trained, TrainingBudgetSpent, TrainingLoop } from './loop.js';
export type { LoopParts, Watch } from './parts.js';
export type { RoleActivity, StepReport } from './report.js';
export { adaptKl, type RoleProgress, recoverTraining, type SavedCheckpoint } from './state.js';
export { TensorBoard } from './tensorboard.js';
