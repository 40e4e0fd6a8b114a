import type { EngineClient } from '../../engine/index.js';
import type { Report } from '../../evaluation/index.js';
import type { Ended, RolloutDeps, RolloutSpec } from '../../rollout/index.js';
import type { LogWriter, RunFolder } from '../../trace/index.js';
import type { Workflow } from '../../workflow/index.js';
import type { Proof } from '../verify.js';
import type { StepReport } from './report.js';
import type { SavedCheckpoint } from './state.js';

/** Rollouts at a time where nobody says: an engine answers many together sooner than one after the other. */
export const rolloutsAtATime = 48;

/**
 * Rollouts that a step carries: as many whole groups of a task's samples as were asked for, and no task twice, so that
 * few tasks make fewer.
 */
export function rolloutsAStep({ rollouts, samples }: Workflow['training'], tasks: number): number {
  return Math.min(Math.ceil(rollouts / samples), tasks) * samples;
}

/** What a training run needs; the composition root provides it. */
export interface LoopParts {
  workflow: Workflow;
  folder: RunFolder;
  log: LogWriter;
  deps: RolloutDeps;
  client: EngineClient;
  /** Which weights each role acts with, `role@version`; the loop moves it. */
  policies: Record<string, string>;
  /** The roles that are trained; the others keep their weights. */
  roles: readonly string[];
  concurrency: number;
  watch: Watch;
  /**
   * Has rollouts carried by other processes and brings their logs into this run's folder. What it leaves undone is
   * carried here.
   */
  elsewhere?: (specs: readonly RolloutSpec[]) => Promise<void>;
}

/** Who looks on. */
export interface Watch {
  progress(label: string, done: number, of: number): void;
  rolloutEnded(ended: Ended): void;
  stepped(report: StepReport, steps: number): void;
  evaluated(name: string, split: string, report: Report, ended: readonly Ended[]): void;
  checkpoint(saved: SavedCheckpoint, report: Report): void;
  alarm(message: string): void;
  proven(role: string, step: number, proof: Proof): void;
}
