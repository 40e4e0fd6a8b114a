import * as l10n from '@vscode/l10n';
import { bestCheckpoint, type SavedCheckpoint } from '../../training/index.js';
import type { ShownCheckpoint } from '../protocol/training.js';
import type { TrainingHistory } from './history.js';

/** Who acts with what now: `role` to the run and checkpoint its weights were promoted from. */
export type Acting = ReadonlyMap<string, { run: string; checkpoint: string }>;

/** Checkpoints by step, the best one on select marked with the reason. The first of equals is the best. Pure. */
export function standing(history: TrainingHistory, run: string, acting: Acting): ShownCheckpoint[] {
  const saved = [...history.checkpoints.values()].sort((a, b) => a.step - b.step);
  const best = bestCheckpoint(saved);
  const base = saved.find(({ step }) => step === 0);
  return saved.map((each) => ({
    name: each.name,
    step: each.step,
    rank: each.rank,
    success: history.evaluations.get(`select/${each.name}`)?.report.success ?? null,
    best: each === best,
    why: why(each, best!, base),
    roles: Object.entries(each.policies).flatMap(([role, policy]) => (policy.endsWith('@v0') ? [] : [role])),
    acting: [...acting].flatMap(([role, from]) =>
      from.run === run && from.checkpoint === each.name ? [role] : [],
    ),
  }));
}

function why(each: SavedCheckpoint, best: SavedCheckpoint, base: SavedCheckpoint | undefined): string {
  if (each !== best) return l10n.t('{0} behind {1}', (best.rank - each.rank).toFixed(3), best.name);
  if (each === base) return l10n.t('Best on select: no training step is better than the untrained team yet.');
  const rank = best.rank.toFixed(3);
  return base
    ? l10n.t('Best on select: {0}, {1} above the untrained team.', rank, (best.rank - base.rank).toFixed(3))
    : l10n.t('Best on select: {0}.', rank);
}
