import type { Comparison, Interval, Report } from '../evaluation/index.js';
import { lostWords } from './report.js';
import { counted, type Terminal } from './terminal.js';

/** "before -> after" with 95 % intervals over tables. */
export function printComparison(
  terminal: Terminal,
  before: Report,
  after: Report,
  change: { success: Comparison; fair: Comparison },
  title = 'Before and after, on held-out tables',
): void {
  const row = (
    name: string,
    a: Interval | undefined,
    b: Interval | undefined,
    show: (interval: Interval) => string,
  ) => [name, a ? show(a) : '-', b ? show(b) : '-'];
  const rows = [
    row('success', before.success, after.success, share),
    ...inEither(before.byStratum, after.byStratum).map((name) =>
      row(`  ${name}`, before.byStratum[name], after.byStratum[name], share),
    ),
    row('score 0..1, fair', before.score, after.score, plain),
    ...inEither(before.metrics, after.metrics).flatMap((name) => [
      row(`${name}, raw`, before.metrics[name]?.raw, after.metrics[name]?.raw, plain),
      row(`${name}, fair`, before.metrics[name]?.fair, after.metrics[name]?.fair, plain),
    ]),
    ...inEither(before.byRole, after.byRole).map((name) =>
      row(`score of ${name}`, before.byRole[name], after.byRole[name], plain),
    ),
  ];
  terminal.say(`\n${title} (95 % intervals over ${counted(after.success.n, 'table')})`);
  terminal.table(['', 'before', 'after'], rows);
  for (const [when, { lost }] of [['before', before] as const, ['after', after] as const])
    if (lost > 0) terminal.say(`${when}, ${lostWords(lost)}`);
  const repaired = ({ repaired }: Report) => `${repaired.repaired} of ${repaired.failed}`;
  terminal.say(`repaired first turns: ${repaired(before)} before, ${repaired(after)} after`);
  const { difference, p, smallestP } = change.success;
  terminal.say(
    `change in success, paired by table: ${points(difference)} (p = ${p.toPrecision(2)}; the smallest attainable is ${smallestP.toPrecision(2)})`,
  );
}

const inEither = (a: object, b: object): string[] => [...new Set([...Object.keys(a), ...Object.keys(b)])];

/** One evaluation, with 95 % intervals over tables. */
export function printReport(terminal: Terminal, report: Report): void {
  const rows: [string, string][] = [
    ['success', share(report.success)],
    ...Object.entries(report.byStratum).map(([name, each]): [string, string] => [`  ${name}`, share(each)]),
    ['score 0..1, fair', plain(report.score)],
    ...Object.entries(report.metrics).flatMap(([name, { raw, fair }]): [string, string][] => [
      [`${name}, raw`, plain(raw)],
      [`${name}, fair`, plain(fair)],
    ]),
    ...Object.entries(report.byRole).map(([name, each]): [string, string] => [
      `score of ${name}`,
      plain(each),
    ]),
  ];
  terminal.say(
    `\n${counted(report.rollouts, 'rollout')}, 95 % intervals over ${counted(report.success.n, 'table')}`,
  );
  if (report.lost > 0) terminal.say(lostWords(report.lost));
  terminal.table(['', 'mean'], rows);
}

function share({ mean, low, high }: Interval): string {
  if (!Number.isFinite(mean)) return '-';
  const cut = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 100);
  return `${Math.round(mean * 100)} % [${cut(low)}, ${cut(high)}]`;
}

function plain({ mean, low, high }: Interval): string {
  if (!Number.isFinite(mean)) return '-';
  return Number.isFinite(low)
    ? `${mean.toPrecision(3)} [${low.toPrecision(3)}, ${high.toPrecision(3)}]`
    : mean.toPrecision(3);
}

function points({ mean, low, high, n }: Interval): string {
  const text = (value: number) => `${value >= 0 ? '+' : ''}${Math.round(value * 100)}`;
  if (n === 0) return 'no table is in both';
  if (n === 1) return `${text(mean)} points on one table, which gives no interval`;
  return `${text(mean)} points [${text(low)}, ${text(high)}]`;
}
