import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Trained } from './record.js';
import { over, success } from './statistics.js';

/** Rollouts over which success is averaged in a curve. */
const WINDOW = 48;

const config = { background: 'white', font: 'sans-serif', axis: { labelFontSize: 11, titleFontSize: 11 } };
const names = { action: 'a score per action', outcome: 'one outcome for all', shuffled: 'scores at random' };

/** Success of the rollouts that were trained on, over rollouts spent, a panel for each number of rollouts a step. */
export function curves(records: readonly Trained[]): Promise<string> {
  const values = records.flatMap(({ reward, rollouts, seed, wrong, curve }) =>
    windows(curve, rollouts).map(({ spent, share }) => ({
      reward: names[reward],
      panel: `${rollouts} rollouts a step${wrong === 1 ? '' : `, wrong x ${wrong}`}`,
      order: rollouts + 1000 * wrong,
      seed,
      spent,
      success: share * 100,
    })),
  );
  const x = { field: 'spent', type: 'quantitative', title: 'rollouts spent' } as const;
  const color = { field: 'reward', type: 'nominal', title: null } as const;
  return svg({
    data: { values },
    facet: { field: 'panel', type: 'nominal', title: null, sort: { field: 'order' } },
    spec: {
      width: 220,
      height: 200,
      layer: [
        {
          mark: { type: 'line', opacity: 0.25, strokeWidth: 1 },
          encoding: { x, y: y('success'), color, detail: { field: 'seed' } },
        },
        {
          mark: { type: 'line', strokeWidth: 2.5 },
          encoding: { x, y: { ...y('success'), aggregate: 'mean' as const }, color },
        },
      ],
    },
    config,
  });
}

/** Success before and after by sampling temperature, with 95 % intervals over seeds. */
export function temperatures(records: readonly Trained[]): Promise<string> {
  const own = records.filter((each) => each.reward === 'action' && each.rollouts === 48 && each.wrong === 1);
  const values = [1, 0.6, 0].flatMap((temperature) =>
    (['before', 'after'] as const).map((which) => {
      const { mean, low, high } = over(own, which, temperature, success);
      const cut = (value: number) =>
        Number.isFinite(value) ? Math.min(100, Math.max(0, value * 100)) : mean * 100;
      return { temperature: String(temperature), which, mean: mean * 100, low: cut(low), high: cut(high) };
    }),
  );
  const x = {
    field: 'temperature',
    type: 'nominal',
    title: 'temperature',
    sort: null,
    axis: { labelAngle: 0 },
  } as const;
  const xOffset = { field: 'which', sort: ['before', 'after'] } as const;
  return svg({
    data: { values },
    width: 260,
    height: 200,
    layer: [
      {
        mark: 'bar',
        encoding: {
          x,
          xOffset,
          y: y('mean'),
          color: { field: 'which', type: 'nominal', title: null, sort: ['before', 'after'] },
        },
      },
      { mark: { type: 'rule' }, encoding: { x, xOffset, y: y('low'), y2: { field: 'high' } } },
    ],
    config,
  });
}

function y(field: string) {
  return { field, type: 'quantitative', title: 'success, %', scale: { domain: [0, 100] } } as const;
}

function windows(curve: Trained['curve'], rollouts: number): { spent: number; share: number }[] {
  const steps = Math.max(1, Math.round(WINDOW / rollouts));
  const out: { spent: number; share: number }[] = [];
  for (let from = 0; from + steps <= curve.length; from += steps) {
    const part = curve.slice(from, from + steps);
    const share = part.reduce((sum, each) => sum + each.success, 0) / part.length;
    // What a window shows was sampled while it was spent: its middle.
    out.push({ spent: (from + steps / 2) * rollouts, share });
  }
  return out;
}

async function svg(spec: object): Promise<string> {
  const view = new View(parse(compile(spec as TopLevelSpec).spec), { renderer: 'none' });
  return view.toSVG();
}
