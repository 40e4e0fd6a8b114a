import type { ShownCoach, ShownDistribution } from '../../src/editor/protocol/training.js';
import { told, toldBounds } from './values.js';

const CORRELATED = 0.3;

/** Whether the coach can be trusted: how it scores, by what, and how far people agree with it. */
export function Coach({ coach, open }: { coach: ShownCoach | null; open: (rollout: string) => void }) {
  if (!coach) return <p className="hint waits">Reading the verdicts …</p>;
  if (coach.actions === 0) return <p className="hint waits">No action has been judged yet.</p>;
  const { agreement, lengthCorrelation } = coach;
  return (
    <div className="grid">
      <section className="card wide" aria-label="Summary">
        <p className="why">
          {coach.actions} actions of the last {coach.rollouts} rollouts. {lengthWords(lengthCorrelation)}{' '}
          {agreementWords(agreement)}
        </p>
      </section>
      <Distributions
        title="Scores by role"
        all={coach.byRole}
        says="A role whose scores are all alike teaches nothing."
      />
      <Distributions
        title="Scores by stratum"
        all={coach.byStratum}
        says="Strata that are judged unlike may be unlike, or the rubric fits only one of them."
      />
      <Distributions
        title="Scores by reply length"
        all={coach.byLength}
        says="Replies in four equal parts, shortest first. A coach that pays for length shows here."
      />
      <section className="card wide" aria-label="Agreement with people">
        <h2>Agreement with people</h2>
        {agreement.reviews.length === 0 ? (
          <p className="hint">
            Nobody has agreed or overruled yet. Each word on an action, from a comment or the Runs view, is
            compared with the coach here.
          </p>
        ) : (
          <table>
            <thead>
              <tr>
                <th scope="col">action</th>
                <th scope="col" className="number">
                  coach
                </th>
                <th scope="col" className="number">
                  person
                </th>
                <th scope="col">reason</th>
              </tr>
            </thead>
            <tbody>
              {agreement.reviews.map((each) => (
                <tr key={`${each.rollout}/${each.action}`}>
                  <th scope="row">
                    <button type="button" className="link" onClick={() => open(each.rollout)}>
                      {each.action} of {each.rollout}
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
  if (correlation === null) return 'Too few scores to compare with reply length.';
  const how =
    Math.abs(correlation) < CORRELATED
      ? 'do not follow reply length'
      : correlation > 0
        ? 'rise with reply length'
        : 'fall with reply length';
  return `Scores ${how} (rank correlation ${correlation.toFixed(2)}).`;
}

function agreementWords({ both, within, bias }: ShownCoach['agreement']): string {
  if (within === null || bias === null) return 'No person has scored an action yet.';
  const side = Math.abs(bias) < 0.5 ? 'neither above nor below' : bias > 0 ? 'above' : 'below';
  return `People and coach are at most a point apart in ${told(within, 'share')} of ${both}; the coach scores ${side} them (${bias >= 0 ? '+' : ''}${bias.toFixed(1)}).`;
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
      {all.length === 0 && <p className="hint waits">Too few scores.</p>}
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
    .flatMap((count, score) => (count > 0 ? [`${count} with ${score}`] : []))
    .join(', ');
  return (
    <figure className="histogram">
      <figcaption>
        <span>{of.name}</span>
        <span>
          mean <strong>{told(of.mean.mean, 'score')}</strong>
          <span className="interval">
            {bounds !== null && ` (${bounds})`}
            {of.none > 0 && `, ${of.none} without a score`}
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
              <title>{`${count} with ${score}`}</title>
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
