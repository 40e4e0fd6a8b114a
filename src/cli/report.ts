import { type BlameRow, blameTable, unblamed } from '../coach/index.js';
import type { Ended } from '../rollout/index.js';
import { cameToEnd } from '../trace/index.js';
import { counted, inert, percent, type Terminal } from './terminal.js';

/** What the last event of `run`, `eval` and `train` carries. */
export interface Summary {
  /** Those that came to their end: only they count. */
  rollouts: number;
  /** Those that did not, of no agent's doing. */
  lost: number;
  /** null where none came to its end. */
  success: number | null;
  byStratum: Record<string, { rollouts: number; success: number }>;
  byRole: Record<string, { actions: number; mean: number | null; masked: number }>;
  metrics: Record<string, { raw: number | null; fair: number }>;
  repaired: { failed: number; repaired: number };
  blame: BlameRow[];
  /** Failed rollouts that nobody is blamed for. */
  unblamed: number;
}

/** How a rollout, or a moment of one, stands. */
export function outcomeWord(outcome: Ended['outcome']): string {
  if (!outcome) return 'not ended';
  return `${outcome.success ? 'success' : 'failure'}${outcome.why ? ` (${outcome.why})` : ''}`;
}

export function summarise(all: readonly Ended[]): Summary {
  const ended = all.filter(cameToEnd);
  const group = (of: readonly Ended[]) => ({ rollouts: of.length, success: shareOf(of) ?? 0 });
  const strata = [...new Set(ended.map((rollout) => rollout.stratum))].sort();
  const scores = ended.flatMap((rollout) => rollout.scores);
  const roles = [...new Set(scores.map((score) => score.agent))];
  const metrics = [...new Set(ended.flatMap((rollout) => Object.keys(rollout.outcome?.metrics ?? {})))];
  return {
    rollouts: ended.length,
    lost: all.length - ended.length,
    success: shareOf(ended),
    byStratum: Object.fromEntries(
      strata.map((stratum) => [stratum, group(ended.filter((rollout) => rollout.stratum === stratum))]),
    ),
    byRole: Object.fromEntries(
      roles.map((role) => {
        const own = scores.filter((score) => score.agent === role);
        const known = own.flatMap((score) => (score.score === null ? [] : [score.score]));
        return [role, { actions: own.length, mean: mean(known), masked: own.length - known.length }];
      }),
    ),
    metrics: Object.fromEntries(
      metrics.map((name) => {
        const all = ended.flatMap((rollout) => rollout.outcome?.metrics[name] ?? []);
        return [
          name,
          {
            raw: mean(all.flatMap((metric) => (metric.raw === null ? [] : [metric.raw]))),
            fair: mean(all.map((metric) => metric.fair)) ?? 0,
          },
        ];
      }),
    ),
    repaired: ended.reduce(
      (sum, { repaired }) => ({
        failed: sum.failed + repaired.failed,
        repaired: sum.repaired + repaired.repaired,
      }),
      { failed: 0, repaired: 0 },
    ),
    blame: blameTable(ended),
    unblamed: unblamed(ended),
  };
}

/** The share that succeeded of those that came to their end; null where none did. */
export function shareOf(all: readonly Ended[]): number | null {
  const ended = all.filter(cameToEnd);
  return ended.length === 0 ? null : ended.filter(({ outcome }) => outcome?.success).length / ended.length;
}

/** How many succeeded, and how many are left out of that. */
export function successWords({
  rollouts,
  success,
  lost,
}: Pick<Summary, 'rollouts' | 'success' | 'lost'>): string {
  const said =
    success === null
      ? 'no rollout came to its end'
      : `${counted(rollouts, 'rollout')}, ${percent(success)} succeeded`;
  return lost > 0 ? `${said}; ${lostWords(lost)}` : said;
}

export function lostWords(lost: number): string {
  return `${lost} failed of no agent's doing and ${lost === 1 ? 'is' : 'are'} left out`;
}

function mean(values: number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** "Who broke the work and why", as a table with one example sentence each. */
export function printBlame(
  terminal: Terminal,
  { blame: rows, unblamed: open, rollouts }: Pick<Summary, 'blame' | 'unblamed' | 'rollouts'>,
): void {
  const nobody = `${counted(open, 'failed rollout')} that nobody is blamed for`;
  if (rows.length === 0) {
    const none = rollouts === 0 ? 'No rollout was judged.' : 'Nobody broke the work.';
    terminal.say(open > 0 ? `There ${open === 1 ? 'is' : 'are'} ${nobody}.` : none);
    return;
  }
  terminal.say('Who broke the work, and why');
  terminal.table(
    ['role', 'failure', 'rollouts', 'for example'],
    rows
      .slice(0, 10)
      .map((row) => [
        row.role,
        row.code,
        `${row.rollouts} (${percent(row.share)})`,
        `${row.example.diagnosis} [${row.example.rollout}]`,
      ]),
  );
  if (rows.length > 10) terminal.say(`and ${counted(rows.length - 10, 'rarer failure')}`);
  if (open > 0) terminal.say(`and ${nobody}`);
}

export function printSummary(terminal: Terminal, summary: Summary): void {
  terminal.say(successWords(summary));
  terminal.table(
    ['stratum', 'rollouts', 'success'],
    Object.entries(summary.byStratum).map(([name, each]) => [name, each.rollouts, percent(each.success)]),
  );
  terminal.table(
    ['role', 'actions', 'mean score', 'masked'],
    Object.entries(summary.byRole).map(([name, each]) => [
      name,
      each.actions,
      each.mean === null ? '-' : each.mean.toFixed(1),
      each.masked,
    ]),
  );
  const metrics = Object.entries(summary.metrics);
  if (metrics.length > 0)
    terminal.table(
      ['metric', 'raw (valid only)', 'fair'],
      metrics.map(([name, each]) => [
        name,
        each.raw === null ? '-' : each.raw.toPrecision(3),
        each.fair.toPrecision(3),
      ]),
    );
  terminal.say(
    inert(`repairs: ${summary.repaired.repaired} of ${summary.repaired.failed} broken first turns`),
  );
}
