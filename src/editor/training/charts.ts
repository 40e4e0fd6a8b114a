import * as l10n from '@vscode/l10n';
import type { ShownChart, ShownInterval, ShownLine } from '../protocol/training.js';
import type { TrainedStep, TrainingHistory } from './history.js';

type Raw = { mean: number | null; low: number | null; high: number | null; n: number };
type Point = ShownLine['points'][number];

/** The curves of a run, each value with its interval where there are enough tables for one. Pure. */
export function chartsOf(
  history: TrainingHistory,
  roles: readonly string[],
  strata: readonly string[],
): ShownChart[] {
  const steps = [...history.steps.values()].sort((a, b) => a.step - b.step);
  const each = (value: (step: TrainedStep) => Raw | undefined): Point[] =>
    steps.flatMap((step) => {
      const found = value(step);
      return found ? [{ step: step.step, value: shown(found) }] : [];
    });
  const ofRoles = (value: (step: TrainedStep, role: string) => Raw | undefined): ShownLine[] =>
    roles.map((name) => ({ name, stratum: null, points: each((step) => value(step, name)) }));
  const numbers = (value: (step: TrainedStep, role: string) => number | null | undefined): ShownLine[] =>
    ofRoles((step, role) => alone(value(step, role)));
  const reported = (step: TrainedStep, role: string) => {
    const found = step.report.roles.find((each) => each.role === role);
    return found?.skipped === null ? found : undefined;
  };
  const measured = steps.some(({ report }) =>
    report.roles.some(({ referenceKl }) => (referenceKl ?? 0) !== 0),
  );
  return [
    {
      id: 'success',
      title: l10n.t('Success in training'),
      says: l10n.t(
        'Share of a step’s rollouts that succeeded, sampled before its update. The band is the 95 % interval over tables.',
      ),
      unit: 'share',
      lines: [
        { name: l10n.t('all'), stratum: null, points: each(({ all }) => all.success) },
        ...(strata.length < 2 ? [] : strata).map((stratum) => ({
          name: stratum,
          stratum,
          points: each(({ all }) => all.byStratum[stratum]),
        })),
      ],
    },
    {
      id: 'held-out',
      title: l10n.t('Held-out score (select)'),
      says: l10n.t(
        'What checkpoints are ranked by: the fair score on tasks that no update saw. Step 0 is the untrained team.',
      ),
      unit: 'share',
      lines: heldOut(history, strata),
    },
    {
      id: 'reward',
      title: l10n.t('Reward by role'),
      says: l10n.t('Mean score of a role’s actions, 0 to 10, with the 95 % interval over tables.'),
      unit: 'score',
      lines: [null, ...(strata.length < 2 ? [] : strata)].flatMap((stratum) =>
        roles.map((name) => ({
          name,
          stratum,
          points: each(({ all, byStratum }) => (stratum === null ? all : byStratum[stratum])?.byRole[name]),
        })),
      ),
    },
    measured
      ? {
          id: 'kl',
          title: l10n.t('KL to the reference'),
          says: l10n.t(
            'How far a role’s policy is from where it started, nats per token: one number a step. A jump asks for a smaller learning rate.',
          ),
          unit: 'number',
          lines: numbers((step, role) => reported(step, role)?.referenceKl),
        }
      : {
          id: 'kl',
          title: l10n.t('KL of each update'),
          says: l10n.t(
            'How far one update moved a role’s policy, nats per token: one number a step. The KL to the reference is not measured where its coefficient is 0.',
          ),
          unit: 'number',
          lines: numbers((step, role) => reported(step, role)?.approximateKl),
        },
    {
      id: 'clip',
      title: l10n.t('Clip fraction'),
      says: l10n.t(
        'Share of tokens whose ratio left the clip range: one number a step. Above a third, an update asks for more than it may take.',
      ),
      unit: 'share',
      lines: numbers((step, role) => reported(step, role)?.clipFraction),
    },
    {
      id: 'length',
      title: l10n.t('Reply length'),
      says: l10n.t(
        'Mean tokens of a role’s replies, with the 95 % interval over tables. Rising length with flat reward is a habit, not a skill.',
      ),
      unit: 'number',
      lines: ofRoles((step, role) => {
        const found = step.report.activity[role];
        return found?.lengths ?? alone(found?.length);
      }),
    },
    {
      id: 'gradient',
      title: l10n.t('Gradient norm'),
      says: l10n.t('Norm of a role’s gradient before clipping. Zero means that nothing was learned.'),
      unit: 'number',
      lines: numbers((step, role) => reported(step, role)?.gradientNorm),
    },
  ];
}

/** The score on select at each checkpoint, and its success by stratum. */
function heldOut(history: TrainingHistory, strata: readonly string[]): ShownLine[] {
  const at = [...history.checkpoints].map(([name, { step, rank }]) => ({
    step,
    rank,
    report: history.evaluations.get(`select/${name}`)?.report,
  }));
  at.sort((a, b) => a.step - b.step);
  const points = at.flatMap(({ step, rank, report }): Point[] => {
    // The rank is a mean over strata; the interval is that of the score over tables, moved onto it.
    if (rank === undefined) return [];
    const score = report?.score;
    const by = score && score.mean !== null ? rank - score.mean : 0;
    const moved = (value: number | null | undefined) =>
      value === null || value === undefined ? null : value + by;
    return [
      { step, value: { mean: rank, low: moved(score?.low), high: moved(score?.high), n: score?.n ?? 0 } },
    ];
  });
  return [
    { name: l10n.t('score'), stratum: null, points },
    ...(strata.length < 2 ? [] : strata).map((stratum) => ({
      name: l10n.t('success, {0}', stratum),
      stratum,
      points: at.flatMap(({ step, report }): Point[] => {
        const found = report?.byStratum[stratum];
        return found ? [{ step, value: shown(found) }] : [];
      }),
    })),
  ];
}

/** Open bounds and values that are no number become null. */
function shown({ mean, low, high, n }: Raw): ShownInterval {
  const known = (value: number | null) => (value !== null && Number.isFinite(value) ? value : null);
  return { mean: known(mean), low: known(low), high: known(high), n };
}

/** One number a step, such as an update's KL: there is no sample that an interval could be over. */
function alone(value: number | null | undefined): Raw | undefined {
  return value === null || value === undefined ? undefined : { mean: value, low: null, high: null, n: 1 };
}
