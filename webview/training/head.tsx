import * as l10n from '@vscode/l10n';
import type { Dashboard, Steer } from '../../src/editor/protocol/training.js';
import { Button } from '../ui/index.js';

const words: Record<Dashboard['state'], () => string> = {
  running: () => l10n.t('running'),
  paused: () => l10n.t('paused'),
  done: () => l10n.t('done'),
  cancelled: () => l10n.t('cancelled'),
  budget: () => l10n.t('budget spent'),
  failed: () => l10n.t('failed'),
  stopped: () => l10n.t('stopped'),
};

/** Which run, how far it is, and what can be done with it now. */
export function Head({ dashboard, steer }: { dashboard: Dashboard; steer: (how: Steer) => void }) {
  const { state, step, steps, secondsLeft, waits } = dashboard;
  const goes =
    secondsLeft === null
      ? dashboard.phase
      : l10n.t('{0}, about {1} left', dashboard.phase, duration(secondsLeft));
  const live = state === 'running' || state === 'paused';
  return (
    <header>
      <div className="title">
        <h1 title={dashboard.title}>{dashboard.title}</h1>
        <span className={`state ${state}`}>{words[state]()}</span>
        <span className="phase" role="status" title={goes}>
          {goes}
        </span>
        <span className="actions">
          {state === 'running' && (
            <Button secondary onPress={() => steer('pause')}>
              {l10n.t('Pause')}
            </Button>
          )}
          {state === 'paused' && !waits && (
            <Button onPress={() => steer('continue')}>{l10n.t('Continue')}</Button>
          )}
          {live && (
            <Button secondary onPress={() => steer('cancel')}>
              {l10n.t('Cancel')}
            </Button>
          )}
          {!live && state !== 'done' && <Button onPress={() => steer('resume')}>{l10n.t('Resume')}</Button>}
        </span>
      </div>
      {steps !== null && (
        <progress max={steps} value={step} aria-label={l10n.t('Step {0} of {1}', step, steps)}>
          {l10n.t('Step {0} of {1}', step, steps)}
        </progress>
      )}
    </header>
  );
}

function duration(seconds: number): string {
  if (seconds < 90) return l10n.t('{0} s', Math.max(1, Math.round(seconds)));
  return seconds < 5400
    ? l10n.t('{0} min', Math.round(seconds / 60))
    : l10n.t('{0} h', (seconds / 3600).toFixed(1));
}
