import * as l10n from '@vscode/l10n';
import type { Dashboard } from '../../src/editor/protocol/training.js';

/** The alarms of a training. What holds them is there before the first one, so that each is read out as it comes. */
export function Alarms({ alarms }: { alarms: Dashboard['alarms'] }) {
  return (
    <div className="live" aria-live="polite">
      {alarms.length > 0 && (
        <section className="alarms" aria-label={l10n.t('Alarms')}>
          <ul>
            {alarms.map(({ code, message, step }) => (
              <li key={`${code} ${message}`}>
                <span className="code">{code}</span> {message}
                {step !== null && <span className="interval"> {l10n.t('step {0}', step)}</span>}
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
