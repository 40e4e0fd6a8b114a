import * as l10n from '@vscode/l10n';
import type { ShownChart, ShownInterval, ShownLine } from '../../src/editor/protocol/training.js';

/** A value as it is read: percent, a score, or a number of fitting precision. */
export function told(value: number | null | undefined, unit: ShownChart['unit']): string {
  if (value === null || value === undefined) return l10n.t('none');
  if (unit === 'share') return l10n.t('{0} %', Math.round(value * 100));
  if (unit === 'score') return value.toFixed(1);
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 0.001) return value.toExponential(1);
  return size >= 100 ? value.toFixed(0) : size >= 1 ? value.toFixed(1) : value.toPrecision(2);
}

/** A value with its interval, where it has one. */
export function toldInterval({ mean, low, high }: ShownInterval, unit: ShownChart['unit']): string {
  const bounds = toldBounds({ low, high }, unit);
  return bounds === null ? told(mean, unit) : `${told(mean, unit)} (${bounds})`;
}

/** The ends of an interval, where it has them; those of a share and of a score end where the scale does. */
export function toldBounds(
  { low, high }: Pick<ShownInterval, 'low' | 'high'>,
  unit: ShownChart['unit'],
): string | null {
  if (low === null || high === null) return null;
  const top = unit === 'share' ? 1 : unit === 'score' ? 10 : Number.POSITIVE_INFINITY;
  const bottom = unit === 'number' ? Number.NEGATIVE_INFINITY : 0;
  return l10n.t('{0} to {1}', told(Math.max(bottom, low), unit), told(Math.min(top, high), unit));
}

/** Lines on one axis of steps, as uPlot wants them: steps, then mean, low and high of each line. */
export function aligned(lines: readonly ShownLine[]): (number | null)[][] {
  const steps = [...new Set(lines.flatMap(({ points }) => points.map(({ step }) => step)))].sort(
    (a, b) => a - b,
  );
  const at = new Map(steps.map((step, index) => [step, index]));
  const columns = lines.flatMap(({ points }) => {
    const [mean, low, high] = [0, 0, 0].map(() => Array<number | null>(steps.length).fill(null));
    for (const { step, value } of points) {
      const index = at.get(step)!;
      mean![index] = value.mean;
      // A band needs both ends; a value without an interval has a band of no height.
      low![index] = value.low ?? value.mean;
      high![index] = value.high ?? value.mean;
    }
    return [mean!, low!, high!];
  });
  return [steps, ...columns];
}
