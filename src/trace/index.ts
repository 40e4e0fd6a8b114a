/**
 * trace/: the event log of a run, its blobs and its workspace history: write, read, recover, follow, restore.
 * It must never acknowledge what is not on disk, trust a run directory, or know how a rollout is carried out.
 */
export {
  agentOf,
  coachCall,
  fromReviewed,
  isCoachCall,
  isFork,
  isForkName,
  isGiven,
  reviewed,
} from './action-names.js';
export { Blobs } from './bodies.js';
export { type Bought, boughtCalls, type Took, tookOf } from './bought.js';
export { byAction, grouped } from './by-action.js';
export { isDiskFull } from './disk-full.js';
export { cameToEnd, endingOf, reopenedIn } from './ending.js';
export * from './events.js';
export * from './export/index.js';
export { followLog, LogTail } from './follow.js';
export { FileProblem, firstOf, readJson } from './json-file.js';
export type { Judge, Judged } from './judge.js';
export { decodeLine, encodeLine, ORIGIN } from './line.js';
export { type LogLine, readLine, scanLines } from './lines.js';
export {
  exclusively,
  holderWords,
  isHere,
  type Lock,
  lockOwner,
  processStart,
  takeLock,
  withLock,
} from './lock.js';
export { mergeRollouts } from './merge.js';
export { writeOwn } from './own-file.js';
export { RolloutPages, type RolloutRow } from './pages.js';
export { parseLog, type ReadLog, readLog } from './read.js';
export { ReviewedPages } from './reviewed-pages.js';
export { keepOverrule, type Overrule, openReview, readReviews, reviewLock } from './reviews.js';
export { listRuns, RUN_FORMAT, RunFolder, type RunInfo, runsIn, safeId } from './run-folder.js';
export { sittingSeconds } from './sittings.js';
export { type Counted, countedVerdicts, scoresNow, scoresOf } from './verdicts.js';
export { GitObjects, gitAllows } from './workspace/git-objects.js';
export { GitView } from './workspace/git-view.js';
export { type Recorded, WorkspaceHistory, type WorkspaceState } from './workspace/history.js';
export { removeTree } from './workspace/remove.js';
export { restore, staysInside } from './workspace/restore.js';
export { OVERFULL } from './workspace/scan.js';
export { stateAfter } from './workspace/state.js';
export { LogWriter } from './write.js';
