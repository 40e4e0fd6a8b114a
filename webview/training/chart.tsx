import * as l10n from '@vscode/l10n';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from 'react';
import type { ShownChart } from '../../src/editor/protocol/training.js';
import { SmallButton } from '../ui/index.js';
import { lineColour } from './colours.js';
import { lineDash } from './dashes.js';
import { type Plot, plot } from './plot.js';
import { aligned, told, toldBounds, toldInterval } from './values.js';

/** A chart with its legend, which shows the values under the cursor; the same numbers as a table for who wants them. */
export function ChartCard({
  chart,
  theme,
  children,
}: {
  chart: ShownChart;
  theme: number;
  children?: ReactNode;
}) {
  const [table, setTable] = useState(false);
  const [at, setAt] = useState<number | null>(null);
  const title = useId();
  const shown = useMemo(() => chart.lines.filter(({ points }) => points.length > 0), [chart]);
  const steps = useMemo(() => aligned(shown)[0] as number[], [shown]);
  const place = (name: string) =>
    Math.max(
      0,
      chart.lines.findIndex((line) => line.name === name),
    );
  const step = at === null ? steps.at(-1) : steps[at];
  return (
    <section className="card" aria-labelledby={title}>
      <div className="card-head">
        <h2 id={title} title={chart.says}>
          {chart.title}
        </h2>
        {children}
        {shown.length > 0 && (
          <SmallButton
            label={table ? l10n.t('Draw {0}', chart.title) : l10n.t('{0} as a table', chart.title)}
            onPress={() => setTable(!table)}
          >
            {table ? l10n.t('Chart') : l10n.t('Table')}
          </SmallButton>
        )}
      </div>
      {shown.length === 0 && <p className="hint waits">{waitsFor(chart.id)}</p>}
      {shown.length > 0 && table && <Numbers chart={chart} lines={shown} steps={steps} />}
      {shown.length > 0 && !table && (
        <Drawing
          chart={{ ...chart, lines: shown }}
          colours={shown.map(({ name }) => place(name))}
          theme={theme}
          steps={steps}
          at={at}
          onPoint={setAt}
        />
      )}
      {shown.length > 0 && !table && (
        <ul className="legend" aria-live="off">
          <li className="step">{l10n.t('step {0}', step ?? 0)}</li>
          {shown.map((line) => {
            const value = line.points.find((point) => point.step === step)?.value;
            return (
              <li key={line.name}>
                <Swatch at={place(line.name)} theme={theme} />
                {line.name} <strong>{value ? told(value.mean, chart.unit) : '–'}</strong>
                {value && <span className="interval">{toldBounds(value, chart.unit)}</span>}
              </li>
            );
          })}
        </ul>
      )}
      <p className="hint">{chart.says}</p>
    </section>
  );
}

function waitsFor(id: ShownChart['id']): string {
  return id === 'held-out'
    ? l10n.t('Waits for the first checkpoint.')
    : l10n.t('Waits for the first whole step.');
}

function Drawing(props: {
  chart: ShownChart;
  colours: number[];
  theme: number;
  steps: readonly number[];
  at: number | null;
  onPoint: (at: number | null) => void;
}) {
  const { chart, colours, theme, steps, at, onPoint } = props;
  const into = useRef<HTMLDivElement>(null);
  const drawn = useRef<Plot | null>(null);
  const data = JSON.stringify([chart.lines, colours]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew when its numbers or the theme changed
  useEffect(() => {
    const element = into.current;
    if (!element) return;
    const own = plot(element, chart, colours, onPoint);
    drawn.current = own;
    const observer = new ResizeObserver(() => own.resize(element.clientWidth));
    observer.observe(element);
    return () => {
      observer.disconnect();
      own.destroy();
      drawn.current = null;
    };
  }, [data, theme]);
  const move = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (by === 0) return;
    event.preventDefault();
    const next = Math.min(steps.length - 1, Math.max(0, (at ?? steps.length) + by));
    drawn.current?.point(next);
    onPoint(next);
  };
  const step = at === null ? steps.at(-1) : steps[at];
  const values = chart.lines.map(({ name, points }) => {
    const value = points.find((point) => point.step === step)?.value;
    return `${name} ${value ? toldInterval(value, chart.unit) : told(null, chart.unit)}`;
  });
  return (
    <div
      ref={into}
      className="plot"
      role="slider"
      tabIndex={0}
      aria-label={l10n.t('{0}; left and right arrow move over the steps', chart.title)}
      aria-valuemin={steps[0] ?? 0}
      aria-valuemax={steps.at(-1) ?? 0}
      aria-valuenow={step ?? 0}
      aria-valuetext={l10n.t('step {0}: {1}', step ?? 0, values.join(', '))}
      onKeyDown={move}
      onBlur={() => drawn.current?.point(null)}
    />
  );
}

function Swatch({ at, theme }: { at: number; theme: number }) {
  return (
    <svg className="swatch" width="18" height="8" aria-hidden="true" key={theme}>
      <line
        x1="0"
        y1="4"
        x2="18"
        y2="4"
        stroke={lineColour(at)}
        strokeWidth="2"
        strokeDasharray={lineDash(at).join(' ')}
      />
    </svg>
  );
}

function Numbers({
  chart,
  lines,
  steps,
}: {
  chart: ShownChart;
  lines: ShownChart['lines'];
  steps: readonly number[];
}) {
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">{l10n.t('step')}</th>
            {lines.map(({ name }) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {steps.map((step) => (
            <tr key={step}>
              <th scope="row">{step}</th>
              {lines.map(({ name, points }) => {
                const value = points.find((point) => point.step === step)?.value;
                return <td key={name}>{value ? toldInterval(value, chart.unit) : ''}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
