import * as l10n from '@vscode/l10n';
import { useState } from 'react';
import type { ShownCheckpoint } from '../../src/editor/protocol/training.js';
import { Button, Dropdown } from '../ui/index.js';
import { told, toldInterval } from './values.js';

/** Checkpoints with the best one marked and why; each can be promoted, for every role or for one. */
export function Checkpoints(props: {
  checkpoints: readonly ShownCheckpoint[];
  promote: (checkpoint: string, role: string | null) => void;
}) {
  const { checkpoints, promote } = props;
  const roles = [...new Set(checkpoints.flatMap((each) => each.roles))];
  const [role, setRole] = useState<string | null>(null);
  const every = l10n.t('all roles');
  const best = checkpoints.find((each) => each.best);
  if (checkpoints.length === 0)
    return (
      <section className="card wide" aria-label={l10n.t('Checkpoints')}>
        <h2>{l10n.t('Checkpoints')}</h2>
        <p className="hint waits">
          {l10n.t('None yet. The untrained team is measured first, then every few steps.')}
        </p>
      </section>
    );
  return (
    <section className="card wide" aria-label={l10n.t('Checkpoints')}>
      <div className="card-head">
        <h2>{l10n.t('Checkpoints')}</h2>
        {roles.length > 0 && (
          <Dropdown
            label={l10n.t('Promote for')}
            value={role ?? every}
            options={[every, ...roles]}
            onChoose={(chosen) => setRole(roles.includes(chosen) ? chosen : null)}
          />
        )}
      </div>
      {best && <p className="why">{best.why}</p>}
      <table>
        <thead>
          <tr>
            <th scope="col">{l10n.t('checkpoint')}</th>
            <th scope="col" className="number">
              {l10n.t('score on select')}
            </th>
            <th scope="col" className="number">
              {l10n.t('success on select')}
            </th>
            <th scope="col">{l10n.t('standing')}</th>
            <th scope="col">{l10n.t('acting now')}</th>
            <th scope="col">
              <span className="unseen">{l10n.t('Promote')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {[...checkpoints].reverse().map((each) => (
            <tr key={each.name} className={each.best ? 'best' : ''}>
              <th scope="row">
                {each.name} {each.best && <span className="badge">{l10n.t('best')}</span>}
              </th>
              <td className="number">{each.rank.toFixed(3)}</td>
              <td className="number">
                {each.success ? toldInterval(each.success, 'share') : told(null, 'share')}
              </td>
              <td>{each.best ? l10n.t('first') : each.why}</td>
              <td>{each.acting.join(', ')}</td>
              <td className="number">
                {each.roles.length === 0 ? (
                  <span className="hint">{l10n.t('untrained')}</span>
                ) : (
                  <Button
                    secondary={!each.best}
                    label={
                      role === null
                        ? l10n.t('Promote {0} for all roles', each.name)
                        : l10n.t('Promote {0} for {1}', each.name, role)
                    }
                    disabled={role !== null && !each.roles.includes(role)}
                    onPress={() => promote(each.name, role)}
                  >
                    {l10n.t('Promote')}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
