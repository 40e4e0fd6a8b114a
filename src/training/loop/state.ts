import * as z from 'zod';
import { type LogEvent, RolloutPages, type RunFolder, readLog, reopenedIn } from '../../trace/index.js';
import type { TrainingOptions } from '../../workflow/index.js';

const roleSchema = z.object({
  version: z.string(),
  hash: z.string(),
  updates: z.number(),
  /** The KL coefficient that the next step uses. */
  kl: z.number(),
});

/** Where a role's training stands between two steps. */
export type RoleProgress = z.infer<typeof roleSchema>;

const stepSchema = z.looseObject({ state: z.record(z.string(), roleSchema) });

export interface SavedCheckpoint {
  name: string;
  step: number;
  policies: Record<string, string>;
  /** The score on select that checkpoints are ranked by. */
  rank: number;
  /** Hash of each role's weights. */
  hashes: Record<string, string>;
}

/** What a run's log says of its training so far. */
export interface Recovered {
  /** The first step that is not whole. */
  next: number;
  roles: Record<string, RoleProgress>;
  checkpoints: SavedCheckpoint[];
  /** Rollouts that run.jsonl already records as ended. */
  known: Set<string>;
  /** Those of them that failed, of no agent's doing. */
  failed: ReadonlySet<string>;
  /** Rollouts that had failed, were taken up again, and did not end since. */
  open: ReadonlySet<string>;
  /** Evaluations that are on record already, as `split/name`. */
  evaluated: Set<string>;
  /** Updates that are on record already, as `step/role`. */
  updated: Set<string>;
}

/** Read where a training run stands; a fresh one starts with every role at v0 of the base. */
export function recoverTraining(
  folder: RunFolder,
  roles: readonly string[],
  baseHash: string,
  training: TrainingOptions,
): Recovered {
  const { events } = readLog(folder.log);
  const rows = new RolloutPages(folder).all();
  const fresh: Recovered['roles'] = Object.fromEntries(
    roles.map((role) => [role, { version: 'v0', hash: baseHash, updates: 0, kl: training.kl.coefficient }]),
  );
  const step = events.findLast((event) => event.type === 'training.step');
  return {
    next: step ? step.data.step + 1 : 0,
    roles: step ? { ...fresh, ...stepSchema.parse(step.data.report).state } : fresh,
    checkpoints: savedCheckpoints(events),
    updated: new Set(
      events.flatMap((event) =>
        event.type === 'training.update' ? [`${event.data.step}/${event.data.role}`] : [],
      ),
    ),
    evaluated: new Set(
      events.flatMap((event) =>
        event.type === 'evaluation' ? [`${event.data.split}/${event.data.name}`] : [],
      ),
    ),
    known: new Set(rows.map((row) => row.rollout)),
    failed: new Set(rows.filter(({ status }) => status === 'failed').map((row) => row.rollout)),
    open: reopenedIn(events),
  };
}

/** What a training step (from 1) is called wherever its rollouts are named. */
export function stepName(step: number): string {
  return `train-${String(step).padStart(4, '0')}`;
}

/** The ranked checkpoints that a run's log tells of, oldest first. */
export function savedCheckpoints(events: readonly LogEvent[]): SavedCheckpoint[] {
  return events.flatMap((event) => {
    if (event.type !== 'checkpoint.saved') return [];
    const { name, step, policies, rank, hashes } = event.data;
    return name === undefined || rank === undefined ? [] : [{ name, step, policies, rank, hashes }];
  });
}

/** The highest ranked on select, the earlier one of equals; null without any. */
export function bestCheckpoint<T extends { rank: number }>(saved: readonly T[]): T | null {
  return saved.reduce<T | null>((best, each) => (best && best.rank >= each.rank ? best : each), null);
}

/**
 * The KL coefficient of the next step: it grows where the KL is above its target and shrinks where it is below, by
 * 2 % a step at most. Source: Ziegler et al. 2019 (arXiv 1909.08593), section 2.2, with K = 0.1.
 */
export function adaptKl(coefficient: number, kl: number, target: number | undefined): number {
  if (target === undefined) return coefficient;
  const error = Math.min(0.2, Math.max(-0.2, (kl - target) / target));
  return coefficient * (1 + 0.1 * error);
}
