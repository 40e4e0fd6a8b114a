import type { Dashboard, Steer } from '../../src/editor/protocol/training.js';
import { Button } from '../ui/index.js';

const words: Record<Dashboard['state'], string> = {
  running: 'running',
  paused: 'paused',
  done: 'done',
  cancelled: 'cancelled',
  budget: 'budget spent',
  failed: 'failed',
  stopped: 'stopped',
};

/** Which run, how far it is, and what can be done with it now. */
export function Head({ dashboard, steer }: { dashboard: Dashboard; steer: (how: Steer) => void }) {
  const { state, step, steps, secondsLeft } = dashboard;
  const live = state === 'running' || state === 'paused';
  return (
    <header>
      <div className="title">
        <h1>{dashboard.title}</h1>
        <span className={`state ${state}`}>{words[state]}</span>
        <span className="phase" role="status">
          {dashboard.phase}
          {secondsLeft !== null && `, about ${duration(secondsLeft)} left`}
        </span>
        <span className="actions">
          {state === 'running' && (
            <Button secondary onPress={() => steer('pause')}>
              Pause
            </Button>
          )}
          {state === 'paused' && <Button onPress={() => steer('continue')}>Continue</Button>}
          {live && (
            <Button secondary onPress={() => steer('cancel')}>
              Cancel
            </Button>
          )}
          {!live && state !== 'done' && <Button onPress={() => steer('resume')}>Resume</Button>}
        </span>
      </div>
      {steps !== null && (
        <progress max={steps} value={step} aria-label={`Step ${step} of ${steps}`}>
          {step} of {steps}
        </progress>
      )}
    </header>
  );
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
