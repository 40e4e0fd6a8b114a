import * as l10n from '@vscode/l10n';
import type { ShownCoach, ShownDistribution } from '../../src/editor/protocol/training.js';
import { told, toldBounds } from './values.js';

const CORRELATED = 0.3;

/** Whether the coach can be trusted: how it scores, by what, and how far people agree with it. */
export function Coach({ coach, open }: { coach: ShownCoach | null; open: (rollout: string) => void }) {
  if (!coach) return <p className="hint waits">{l10n.t('Reading the verdicts …')}</p>;
  if (coach.actions === 0) return <p className="hint waits">{l10n.t('No action has been judged yet.')}</p>;
  const { agreement, lengthCorrelation } = coach;
  return (
    <div className="grid">
      <section className="card wide" aria-label={l10n.t('Summary')}>
        <p className="why">
          {l10n.t('{0} actions of the last {1} rollouts.', coach.actions, coach.rollouts)}{' '}
          {lengthWords(lengthCorrelation)} {agreementWords(agreement)}
        </p>
      </section>
      <Distributions
        title={l10n.t('Scores by role')}
        all={coach.byRole}
        says={l10n.t('A role whose scores are all alike teaches nothing.')}
      />
      <Distributions
        title={l10n.t('Scores by stratum')}
        all={coach.byStratum}
        says={l10n.t('Strata that are judged unlike may be unlike, or the rubric fits only one of them.')}
      />
      <Distributions
        title={l10n.t('Scores by reply length')}
        all={coach.byLength}
        says={l10n.t('Replies in four equal parts, shortest first. A coach that pays for length shows here.')}
      />
      <section className="card wide" aria-label={l10n.t('Agreement with people')}>
        <h2>{l10n.t('Agreement with people')}</h2>
        {agreement.reviews.length === 0 ? (
          <p className="hint">
            {l10n.t(
              'Nobody has agreed or overruled yet. Each word on an action, from a comment or the Runs view, is compared with the coach here.',
            )}
          </p>
        ) : (
          <table>
            <thead>
              <tr>
                <th scope="col">{l10n.t('action')}</th>
                <th scope="col" className="number">
                  {l10n.t('coach')}
                </th>
                <th scope="col" className="number">
                  {l10n.t('person')}
                </th>
                <th scope="col">{l10n.t('reason')}</th>
              </tr>
            </thead>
            <tbody>
              {agreement.reviews.map((each) => (
                <tr key={`${each.rollout}/${each.action}/${each.author}`}>
                  <th scope="row">
                    <button type="button" className="link" onClick={() => open(each.rollout)}>
                      {l10n.t('{0} of {1}', each.action, each.rollout)}
                    </button>
                  </th>
                  <td className="number">{told(each.coach, 'score')}</td>
                  <td className="number">{told(each.person, 'score')}</td>
                  <td>
                    {each.author}: {each.reason}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </div>
  );
}

function lengthWords(correlation: number | null): string {
  if (correlation === null) return l10n.t('Too few scores to compare with reply length.');
  const rank = correlation.toFixed(2);
  if (Math.abs(correlation) < CORRELATED)
    return l10n.t('Scores do not follow reply length (rank correlation {0}).', rank);
  return correlation > 0
    ? l10n.t('Scores rise with reply length (rank correlation {0}).', rank)
    : l10n.t('Scores fall with reply length (rank correlation {0}).', rank);
}

function agreementWords({ both, within, bias }: ShownCoach['agreement']): string {
  if (within === null || bias === null) return l10n.t('No person has scored an action yet.');
  const by = `${bias >= 0 ? '+' : ''}${bias.toFixed(1)}`;
  const apart = told(within, 'share');
  if (Math.abs(bias) < 0.5)
    return l10n.t(
      'People and coach are at most a point apart in {0} of {1}; the coach scores neither above nor below them ({2}).',
      apart,
      both,
      by,
    );
  return bias > 0
    ? l10n.t(
        'People and coach are at most a point apart in {0} of {1}; the coach scores above them ({2}).',
        apart,
        both,
        by,
      )
    : l10n.t(
        'People and coach are at most a point apart in {0} of {1}; the coach scores below them ({2}).',
        apart,
        both,
        by,
      );
}

function Distributions({
  title,
  all,
  says,
}: {
  title: string;
  all: readonly ShownDistribution[];
  says: string;
}) {
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      {all.length === 0 && <p className="hint waits">{l10n.t('Too few scores.')}</p>}
      {all.map((each) => (
        <Histogram key={each.name} of={each} />
      ))}
      <p className="hint">{says}</p>
    </section>
  );
}

const HEIGHT = 44;
const SCORES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

function Histogram({ of }: { of: ShownDistribution }) {
  const most = Math.max(1, ...of.counts);
  const bounds = toldBounds(of.mean, 'score');
  const spoken = of.counts
    .flatMap((count, score) => (count > 0 ? [l10n.t('{0} with {1}', count, score)] : []))
    .join(', ');
  return (
    <figure className="histogram">
      <figcaption>
        <span>{of.name}</span>
        <span>
          <strong>{l10n.t('mean {0}', told(of.mean.mean, 'score'))}</strong>
          <span className="interval">
            {bounds !== null && ` (${bounds})`}
            {of.none > 0 && `, ${l10n.t('{0} without a score', of.none)}`}
          </span>
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 220 ${HEIGHT + 14}`}
        role="img"
        aria-label={`${of.name}: ${spoken}`}
        preserveAspectRatio="none"
      >
        {SCORES.map((score) => {
          const count = of.counts[score] ?? 0;
          const height = count === 0 ? 1 : Math.max(2, (count / most) * HEIGHT);
          return (
            <rect
              key={score}
              className={band(score)}
              x={score * 20 + 2}
              y={HEIGHT - height}
              width="16"
              height={height}
            >
              <title>{l10n.t('{0} with {1}', count, score)}</title>
            </rect>
          );
        })}
      </svg>
      <div className="scale" aria-hidden="true">
        <span>0</span>
        <span>5</span>
        <span>10</span>
      </div>
    </figure>
  );
}

/** The bands of scores that the editor uses everywhere. */
function band(score: number): string {
  return score < 4 ? 'low' : score < 7 ? 'middle' : 'high';
}
