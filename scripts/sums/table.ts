import { type Interval, tInterval } from '../../src/evaluation/index.js';
import type { Evaluation, Trained } from './record.js';

/** The results as Markdown. Each training is a row: its intervals are over held-out tasks. */
export function resultTable(records: readonly Trained[]): string {
  const roles = [...new Set(records.flatMap(({ after }) => Object.keys(after.roles)))];
  const rows = records.map((each) => {
    const tasks = Object.keys(each.before.tasks);
    const change = tInterval(tasks.map((task) => (each.after.tasks[task] ?? 0) - each.before.tasks[task]!));
    return [
      `${each.model}, seed ${each.seed}`,
      `${each.steps} x ${each.rollouts}`,
      String(tasks.length),
      share(success(each.before)),
      share(success(each.after)),
      share(change),
      each.best,
      ...roles.map((role) => `${verdict(each.before, role)} -> ${verdict(each.after, role)}`),
      `${each.minutes}`,
    ];
  });
  const head = [
    'model',
    'steps',
    'tasks',
    'before, %',
    'after, %',
    'change, points',
    'best',
    ...roles,
    'minutes',
  ];
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [
    '# Training a LoRA adapter a role on word problems',
    '',
    `Made by \`npm run experiment:lm\` (commit ${[...new Set(records.map((each) => each.commit))].join(', ')}). Problem solver, code executor and verifier over one base model, temperature 0.3; one operation, whole numbers up to 12. Success on held-out problems: the calculation, its result and the answer are all right. Intervals are 95 % t intervals over held-out problems; verdicts are means on 0..10. The checkpoint is the best on the select split.`,
    '',
    ...[...new Set(records.map((each) => `Hardware: ${each.hardware}.`))],
    '',
    line(head),
    line(head.map((_, at) => (at === 0 ? '---' : '---:'))),
    ...rows.map(line),
    '',
    ...overSeeds(records).flatMap((sentence) => [sentence, '']),
  ].join('\n');
}

/** What trainings that differ in their seed alone reached together; their intervals are over seeds. */
function overSeeds(records: readonly Trained[]): string[] {
  const alike = new Map<string, Trained[]>();
  for (const each of records) {
    const key = `${each.model}, ${each.steps} x ${each.rollouts}`;
    alike.set(key, [...(alike.get(key) ?? []), each]);
  }
  return [...alike].flatMap(([key, group]) => {
    if (group.length < 2) return [];
    const was = group.map(({ before }) => success(before).mean);
    const now = group.map(({ after }) => success(after).mean);
    const change = now.map((value, at) => value - was[at]!);
    return [
      `${key}, over ${group.length} seeds (95 % t intervals over seeds): success ${share(tInterval(was))} % before and ${share(tInterval(now))} % after, change ${share(tInterval(change))} points.`,
    ];
  });
}

const success = ({ tasks }: Evaluation): Interval => tInterval(Object.values(tasks));

function share({ mean, low, high }: Interval): string {
  const percent = (value: number) => Math.round(value * 100);
  return Number.isFinite(low) ? `${percent(mean)} [${percent(low)}, ${percent(high)}]` : `${percent(mean)}`;
}

const verdict = ({ roles }: Evaluation, role: string): string => roles[role]?.toFixed(1) ?? 'none';
