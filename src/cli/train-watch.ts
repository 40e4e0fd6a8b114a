import { join } from 'node:path';
import type { Ended } from '../rollout/index.js';
import type { RunFolder } from '../trace/index.js';
import { type StepReport, TensorBoard, type Watch } from '../training/index.js';
import type { Workflow } from '../workflow/index.js';
import { percent, type Terminal } from './terminal.js';

/** Shows a training run on a terminal, and writes its curves for TensorBoard into the run's folder. */
export function watchOn(
  terminal: Terminal,
  folder: RunFolder,
  training: Workflow['training'],
  onEnded: (ended: Ended) => void,
): Watch {
  const board = new TensorBoard(join(folder.path, 'tensorboard'));
  return {
    progress: (label, done, of) => terminal.progress(`${label}: ${done}/${of} rollouts`),
    rolloutEnded(ended) {
      onEnded(ended);
      const { rollout, outcome } = ended;
      terminal.emit({ event: 'rollout.ended', rollout, success: outcome?.success ?? null });
    },
    stepped(report, steps) {
      const step = report.step + 1;
      board.scalars(step, curves(report));
      terminal.emit({ event: 'training.step', ...report });
      const means = report.roles.map(
        (role) =>
          `${role.role} ${(role.rewardMean * training.reward_scale).toFixed(1)}${role.skipped ? ' (skipped)' : ''}`,
      );
      const { sampling, training: training_ } = report.seconds;
      terminal.note(
        `step ${step}/${steps}: success ${percent(report.success)}, scores ${means.join(', ')} (${sampling.toFixed(1)} + ${training_.toFixed(1)} s)`,
      );
    },
    evaluated(name, split, report) {
      terminal.emit({ event: 'evaluation', name, split, report });
      // What was measured is a checkpoint, also where a run that goes on measures it late: of a step, or of the base.
      const step = Number(/^step-(\d+)$/.exec(name)?.[1] ?? 0);
      board.scalars(step, { [`${split}/success`]: report.success.mean, [`${split}/score`]: report.rank });
    },
    checkpoint({ name, rank }, report) {
      terminal.note(
        `checkpoint ${name}: select score ${rank.toFixed(3)}, success ${percent(report.success.mean)}`,
      );
    },
    alarm: (message) => terminal.note(message),
    proven(role, at, { served, told }) {
      if (at > 0) return;
      terminal.note(
        `${role}: update proven, served and trained log-probabilities differ by ${served.toExponential(1)}`,
      );
      if (!told)
        terminal.note(
          `${role}: so small an update cannot be told from the sampler's rounding; that it is served is known by its hash`,
        );
    },
  };
}

function curves(report: StepReport): Record<string, number | null> {
  const out: Record<string, number | null> = {
    'train/success': report.success,
    'seconds/sampling': report.seconds.sampling,
    'seconds/training': report.seconds.training,
  };
  for (const [stratum, each] of Object.entries(report.byStratum))
    out[`train/success ${stratum}`] = each.success;
  for (const role of report.roles) {
    out[`${role.role}/reward`] = role.rewardMean;
    out[`${role.role}/kl to reference`] = role.referenceKl;
    out[`${role.role}/kl of update`] = role.approximateKl;
    out[`${role.role}/kl coefficient`] = role.klCoefficient;
    out[`${role.role}/clip fraction`] = role.clipFraction;
    out[`${role.role}/gradient norm`] = role.gradientNorm;
    out[`${role.role}/loss`] = role.loss;
    out[`${role.role}/masked`] = role.masked;
  }
  for (const [role, activity] of Object.entries(report.activity)) {
    out[`${role}/reply tokens`] = activity.length;
    out[`${role}/tool success`] = activity.toolSuccess;
    for (const [stratum, reward] of Object.entries(activity.byStratum))
      out[`${role}/reward ${stratum}`] = reward;
  }
  return out;
}
