import { basename } from 'node:path';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import type { LogEvent } from '../../trace/index.js';
import type { Run } from './run.js';

/** How weights did on held-out tasks: the share of rollouts that succeeded (0..1), with its 95 % interval. */
export interface Measured {
  mean: number;
  /** null: too few tables for an interval */
  low: number | null;
  high: number | null;
  /** the run that says so */
  run: string;
}

const bound = z.number().nullable();
const said = z.object({ success: z.object({ mean: z.number(), low: bound, high: bound }) });

/** What these events of a run say of how it did on the test split, by checkpoint. */
export function measuredIn(run: string, events: readonly LogEvent[]): Map<string, Measured> {
  return new Map(
    events.flatMap((event): [string, Measured][] => {
      if (event.type !== 'evaluation' || event.data.split !== 'test') return [];
      const report = said.safeParse(event.data.report);
      return report.success ? [[event.data.name, { ...report.data.success, run }]] : [];
    }),
  );
}

/**
 * What evaluations of checkpoints found, by `training run:checkpoint`; of several the newest. Newest run first.
 * `measuredOf`: what the log of one of them says.
 */
export function evaluated(
  runs: readonly Run[],
  measuredOf: (run: Run) => ReadonlyMap<string, Measured>,
): Map<string, Measured> {
  const found = new Map<string, Measured>();
  for (const run of runs.toReversed()) {
    const { from } = run.info.options;
    if (run.info.kind !== 'eval' || typeof from !== 'string') continue;
    for (const measured of measuredOf(run).values()) found.set(basename(from), measured);
  }
  return found;
}

/** In a few words, and with the interval and where it was measured. */
export function measuredWords({ mean, low, high, run }: Measured): { short: string; long: string } {
  const percent = (share: number) => Math.round(share * 100);
  const short = l10n.t('test {0} %', percent(mean));
  const long =
    low === null || high === null
      ? l10n.t('{0} % of held-out rollouts succeeded ({1})', percent(mean), run)
      : l10n.t(
          '{0} % [{1}, {2}] of held-out rollouts succeeded ({3})',
          percent(mean),
          percent(low),
          percent(high),
          run,
        );
  return { short, long };
}
