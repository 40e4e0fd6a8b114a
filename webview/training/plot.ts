import uPlot from 'uplot';
import type { ShownChart } from '../../src/editor/protocol/training.js';
import { faint, lineColour, themed } from './colours.js';
import { lineDash } from './dashes.js';
import { aligned, told } from './values.js';

export interface Plot {
  resize(width: number): void;
  /** Show the values of the step at an index of the axis; null: of none. */
  point(at: number | null): void;
  destroy(): void;
}

const HEIGHT = 190;

/** Draw a chart's lines with their bands into an element; `colours`: the place of each line among all lines. */
export function plot(
  into: HTMLElement,
  chart: ShownChart,
  colours: readonly number[],
  onPoint: (at: number | null) => void,
): Plot {
  const data = aligned(chart.lines) as uPlot.AlignedData;
  const quiet = themed('descriptionForeground', '#888');
  const grid = faint(quiet, 0.22);
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  const few = data[0].length < 25;
  for (const [at, line] of chart.lines.entries()) {
    const colour = lineColour(colours[at] ?? at);
    const first = series.length;
    series.push(
      {
        label: line.name,
        stroke: colour,
        width: 2,
        dash: lineDash(colours[at] ?? at),
        points: { show: few, size: 6, fill: colour },
        spanGaps: true,
      },
      { stroke: 'transparent', width: 0, points: { show: false }, spanGaps: true },
      { stroke: 'transparent', width: 0, points: { show: false }, spanGaps: true },
    );
    bands.push({ series: [first + 2, first + 1], fill: faint(colour, at === 0 ? 0.2 : 0.07) });
  }
  const axis = {
    stroke: quiet,
    grid: { stroke: grid, width: 1 },
    ticks: { stroke: grid, width: 1, size: 4 },
  };
  const made = new uPlot(
    {
      width: Math.max(200, into.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
      scales: { x: { time: false, range: wholeSteps }, y: { range: rangeOf(chart.unit) } },
      axes: [
        { ...axis, size: 28, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
        {
          ...axis,
          size: 48,
          values: (_, ticks) => ticks.map((value) => told(value, chart.unit)),
          ...(chart.unit === 'share' ? {} : { space: 32 }),
        },
      ],
      series,
      bands,
      hooks: { setCursor: [(own) => onPoint(own.cursor.idx ?? null)] },
    },
    data,
    into,
  );
  return {
    resize: (width) => made.setSize({ width: Math.max(200, width), height: HEIGHT }),
    point(at) {
      if (at === null) return made.setCursor({ left: -10, top: -10 });
      made.setCursor({ left: made.valToPos(data[0][at]!, 'x'), top: HEIGHT / 3 });
    },
    destroy: () => made.destroy(),
  };
}

/** One step alone still has an axis around it. */
function wholeSteps(_: uPlot, low: number | null, high: number | null): [number, number] {
  const [from, to] = [low ?? 0, high ?? 1];
  return from === to ? [from - 1, to + 1] : [from, to];
}

/** Shares and scores are drawn on their whole scale, so that a small change looks small. */
function rangeOf(unit: ShownChart['unit']): uPlot.Range.MinMax | uPlot.Range.Function {
  if (unit === 'share') return [0, 1];
  if (unit === 'score') return [0, 10];
  return (_, low, high) => {
    const [from, to] = [Math.min(0, low ?? 0), Math.max(high ?? 1, 1e-6)];
    return [from, to + (to - from) * 0.1];
  };
}
