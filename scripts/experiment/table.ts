import type { Interval } from '../../src/evaluation/index.js';
import type { Trained } from './record.js';
import {
  ahead,
  drift,
  gain,
  over,
  rawScore,
  roleScore,
  score,
  success,
  successIn,
  type Value,
} from './statistics.js';

const temperatures = [1, 0.6, 0];
const sizes = [8, 16, 48];
/** The bases, in the order of the table. */
const kinds = [
  { name: 'as shipped', wrong: 1 },
  { name: 'x 2', wrong: 2 },
  { name: 'x 0.5', wrong: 0.5 },
] as const;

/** The results as Markdown; what was not measured yet says so. */
export function resultTable(
  records: readonly Trained[],
  perfect: { success: number; rollouts: number } | null,
): string {
  const of = (reward: Trained['reward'], rollouts: number, wrong = 1) =>
    records.filter((each) => each.reward === reward && each.rollouts === rollouts && each.wrong === wrong);
  const [action, shuffled] = [of('action', 48), of('shuffled', 48)];
  const backends = [...new Set(records.map((each) => each.backend))].join(' and ');
  const commits = [...new Set(records.map((each) => each.commit))].join(', ');
  return [
    '# Training the table team',
    '',
    `Made by \`npm run experiment\` (commit ${commits}; CPU, embedded model, ${backends}). Every number is a mean over tables of the test split, its 95 % interval a t interval over seeds; n is the number of seeds. Each training spends 480 rollouts. The checkpoint is the best on the select split.`,
    '',
    '## A score per action, or one outcome for everybody?',
    '',
    'Success after training with per-action scores minus success with the outcome broadcast to all agents, same seeds, same rollouts spent. Above zero favours per-action scores.',
    '',
    ...markdown(
      [
        'odds of slips and wrong habits',
        'rollouts a step',
        'seeds',
        ...temperatures.map((t) => `temperature ${t}`),
      ],
      kinds.slice(0, 2).flatMap((kind) =>
        sizes.map((size) => {
          const [own, broadcast] = [of('action', size, kind.wrong), of('outcome', size, kind.wrong)];
          const pairs = own.filter((one) => broadcast.some((each) => each.seed === one.seed)).length;
          return [
            kind.name,
            String(size),
            String(pairs),
            ...temperatures.map((t) => points(ahead(own, broadcast, t, success))),
          ];
        }),
      ),
    ),
    '',
    '![Success over rollouts spent](curves.svg)',
    '',
    '## Before and after, 48 rollouts a step',
    '',
    ...markdown(
      ['', 'temperature', 'before', 'after', 'change', 'n'],
      temperatures.flatMap((t) =>
        rows().map(([name, value, show]) => [name, ...beforeAndAfter(action, t, value, show)]),
      ),
    ),
    '',
    '\\* Accuracy, or 1 - RMSE / target range; over the tables on which the team had valid results both before and after.',
    '',
    '![Success before and after by temperature](temperatures.svg)',
    '',
    '## More and fewer slips and wrong habits',
    '',
    'Success before and after training with per-action scores, 48 rollouts a step, where the odds of a slip or a wrong habit in the demonstrations of the base are as shipped, twice and half of that.',
    '',
    ...markdown(
      ['odds of slips and wrong habits', 'temperature', 'before', 'after', 'change', 'n'],
      kinds.flatMap((kind) =>
        temperatures.map((t) => [
          kind.name,
          ...beforeAndAfter(of('action', 48, kind.wrong), t, success, shares),
        ]),
      ),
    ),
    '',
    '## Control: the same scores, dealt out at random',
    '',
    ...markdown(
      ['temperature', 'gain of the control', 'real minus control', 'seeds'],
      temperatures.map((t) => [
        String(t),
        points(gain(shuffled, t, success)),
        points(ahead(action, shuffled, t, success)),
        String(shuffled.length),
      ]),
    ),
    '',
    `Where no checkpoint was better on select than the untrained team, the untrained team is kept and the gain is exactly 0. With nothing picked, success of the training rollouts changes from the first step to the last by ${points(drift(shuffled))} points in the control and by ${points(drift(action))} with the real scores.`,
    '',
    '## Ceiling',
    '',
    perfect
      ? `A scripted team that writes the right program every time succeeds in ${Math.round(perfect.success * 100)} % of ${perfect.rollouts} rollouts on the same split.`
      : 'Not measured yet.',
    '',
  ].join('\n');
}

type Show = (interval: Interval, change?: boolean) => string;

function rows(): [string, Value, Show][] {
  return [
    ['success', success, shares],
    ['  classification', successIn('classification'), shares],
    ['  regression', successIn('regression'), shares],
    ['fair score 0..1', score, plain],
    ['raw score of valid results *', rawScore, plain],
    ...['data_engineer', 'modeler', 'analyst'].map((role): [string, Value, Show] => [
      `verdicts on ${role}, 0..10`,
      roleScore(role),
      plain,
    ]),
  ];
}

/** Cells of a row: temperature, before, after, change, number of seeds. */
function beforeAndAfter(own: Trained[], t: number, value: Value, show: Show): string[] {
  const change = gain(own, t, value);
  return [
    String(t),
    show(over(own, 'before', t, value)),
    show(over(own, 'after', t, value)),
    show(change, true),
    String(change.n),
  ];
}

function markdown(head: string[], body: string[][]): string[] {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, at) => (at === 0 ? '---' : '---:'))), ...body.map(line)];
}

function shares(interval: Interval, change = false): string {
  return change ? points(interval) : text(interval, (value) => `${Math.round(value * 100)}`, ' %');
}

function points(interval: Interval): string {
  return text(interval, (value) => `${value >= 0 ? '+' : ''}${Math.round(value * 100)}`, '');
}

function plain(interval: Interval): string {
  return text(interval, (value) => value.toFixed(2), '');
}

function text({ mean, low, high, n }: Interval, show: (value: number) => string, unit: string): string {
  if (n === 0 || !Number.isFinite(mean)) return 'not measured';
  return Number.isFinite(low)
    ? `${show(mean)}${unit} [${show(low)}, ${show(high)}]`
    : `${show(mean)}${unit} (one seed)`;
}
