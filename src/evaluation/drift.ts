import type { Report } from './report.js';

/** A gap in success between strata that grew by more than this since the start is an alarm. */
const GROWTH = 0.25;

/** Whether strata drift apart: one falls behind while another rises, as MAPPA reports of its later epochs. */
export function driftAlarm(before: Report, now: Report): string | null {
  const strata = Object.keys(before.byStratum).filter((stratum) => now.byStratum[stratum]);
  const change = strata
    .map((stratum) => ({ stratum, by: now.byStratum[stratum]!.mean - before.byStratum[stratum]!.mean }))
    .sort((a, b) => a.by - b.by);
  const [worst, best] = [change[0], change.at(-1)];
  if (!worst || !best || best.by - worst.by < GROWTH || worst.by >= 0) return null;
  const points = (by: number) => `${by >= 0 ? '+' : ''}${Math.round(by * 100)} points`;
  return `Strata drift apart: ${best.stratum} ${points(best.by)}, ${worst.stratum} ${points(worst.by)} since the start.`;
}
