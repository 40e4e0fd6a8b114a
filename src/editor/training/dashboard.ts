import * as l10n from '@vscode/l10n';
import { pauses } from '../../trace/index.js';
import type { Dashboard, ShownCoach } from '../protocol/training.js';
import type { Run } from '../runs/run.js';
import { rolloutWords } from '../words.js';
import { alarmsOf } from './alarms.js';
import { chartsOf } from './charts.js';
import { type Acting, standing } from './checkpoints.js';
import type { TrainingHistory } from './history.js';

/** What is known of a training run beside its log's events. */
export interface Known {
  /** Training steps that are meant; null: not known. */
  steps: number | null;
  acting: Acting;
  coach: ShownCoach | null;
}

type Shown = Pick<Run, 'key' | 'pausedFor' | 'state'> & { folder: Pick<Run['folder'], 'name'> };

/** The page of a training run, as it stands. Pure. */
export function dashboardOf(
  run: Shown,
  history: TrainingHistory,
  { steps, acting, coach }: Known,
): Dashboard {
  const done = [...history.steps.values()];
  const strata = [...new Set(done.flatMap(({ byStratum }) => Object.keys(byStratum)))].sort();
  const roles = [...new Set(done.flatMap(({ report }) => report.roles.map(({ role }) => role)))];
  const seconds = done.slice(-5).map(
    ({
      report: {
        seconds: { sampling, training },
      },
    }) => sampling + training,
  );
  const pace = seconds.length === 0 ? null : seconds.reduce((sum, each) => sum + each, 0) / seconds.length;
  const state = run.state();
  const waits = run.pausedFor === pauses.editor;
  const step = Math.max(0, ...done.map((each) => each.step));
  return {
    run: run.key,
    title: run.folder.name,
    state,
    phase: waits ? waitingFor(step, steps) : phaseOf(state, history, step, steps),
    waits,
    step,
    steps,
    secondsLeft:
      state === 'running' && pace !== null && steps !== null && steps > step ? pace * (steps - step) : null,
    strata,
    roles,
    charts: chartsOf(history, roles, strata),
    checkpoints: standing(history, run.folder.name, acting),
    alarms: alarmsOf(history),
    coach,
  };
}

/** A run that nobody holds: no button of ours makes it go on. */
function waitingFor(step: number, steps: number | null): string {
  return l10n.t(
    'Waiting for models of the editor after {0}: it goes on by itself when the editor can offer them',
    stepOf(step, steps),
  );
}

function stepOf(step: number, steps: number | null): string {
  return steps === null ? l10n.t('step {0}', step) : l10n.t('step {0} of {1}', step, steps);
}

function phaseOf(
  state: Dashboard['state'],
  { batch, finished }: TrainingHistory,
  step: number,
  steps: number | null,
): string {
  const of = stepOf(step, steps);
  switch (state) {
    case 'done':
      return l10n.t('Finished after {0}', of);
    case 'cancelled':
      return l10n.t('Cancelled after {0}; it can be resumed', of);
    case 'budget':
      return l10n.t('Stopped by its budget after {0}', of);
    case 'failed':
      return l10n.t('Failed after {0}: {1}', of, finished?.reason ?? l10n.t('the log says no more'));
    case 'stopped':
      return l10n.t('Its process ended after {0}; it can be resumed', of);
    case 'paused':
      return l10n.t('Paused after {0}: rollouts wait before their next action', of);
    case 'running':
      break;
    default:
      return state satisfies never;
  }
  if (!batch) return l10n.t('Bringing up the engine');
  const [split, name] = [batch.name.split('-')[0]!, batch.name.slice(batch.name.indexOf('-') + 1)];
  const ended = rolloutWords(batch.ended);
  if (split === 'train' && Number(name) > step) {
    const now = Number(name);
    return steps === null
      ? l10n.t('Step {0}: {1}', now, ended)
      : l10n.t('Step {0} of {1}: {2}', now, steps, ended);
  }
  if (split === 'train') return l10n.t('Step {0} is done; ranking or sampling comes next', step);
  return name === 'base'
    ? l10n.t('Measuring the untrained team on {0}: {1}', split, ended)
    : l10n.t('Measuring {0} on {1}: {2}', name, split, ended);
}
