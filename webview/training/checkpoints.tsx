import { useState } from 'react';
import type { ShownCheckpoint } from '../../src/editor/protocol/training.js';
import { Button, Dropdown } from '../ui/index.js';
import { told, toldInterval } from './values.js';

const EVERY = 'all roles';

/** Checkpoints with the best one marked and why; each can be promoted, for every role or for one. */
export function Checkpoints(props: {
  checkpoints: readonly ShownCheckpoint[];
  promote: (checkpoint: string, role: string | null) => void;
}) {
  const { checkpoints, promote } = props;
  const roles = [...new Set(checkpoints.flatMap((each) => each.roles))];
  const [role, setRole] = useState(EVERY);
  const best = checkpoints.find((each) => each.best);
  if (checkpoints.length === 0)
    return (
      <section className="card wide" aria-label="Checkpoints">
        <h2>Checkpoints</h2>
        <p className="hint waits">None yet. The untrained team is measured first, then every few steps.</p>
      </section>
    );
  return (
    <section className="card wide" aria-label="Checkpoints">
      <div className="card-head">
        <h2>Checkpoints</h2>
        {roles.length > 0 && (
          <Dropdown label="Promote for" value={role} options={[EVERY, ...roles]} onChoose={setRole} />
        )}
      </div>
      {best && <p className="why">{best.why}</p>}
      <table>
        <thead>
          <tr>
            <th scope="col">checkpoint</th>
            <th scope="col" className="number">
              score on select
            </th>
            <th scope="col" className="number">
              success on select
            </th>
            <th scope="col">standing</th>
            <th scope="col">acting now</th>
            <th scope="col">
              <span className="unseen">promote</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {[...checkpoints].reverse().map((each) => (
            <tr key={each.name} className={each.best ? 'best' : ''}>
              <th scope="row">
                {each.name} {each.best && <span className="badge">best</span>}
              </th>
              <td className="number">{each.rank.toFixed(3)}</td>
              <td className="number">
                {each.success ? toldInterval(each.success, 'share') : told(null, 'share')}
              </td>
              <td>{each.best ? 'first' : each.why}</td>
              <td>{each.acting.join(', ')}</td>
              <td className="number">
                {each.roles.length === 0 ? (
                  <span className="hint">untrained</span>
                ) : (
                  <Button
                    secondary={!each.best}
                    label={`Promote ${each.name} for ${role}`}
                    disabled={role !== EVERY && !each.roles.includes(role)}
                    onPress={() => promote(each.name, role === EVERY ? null : role)}
                  >
                    Promote
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
