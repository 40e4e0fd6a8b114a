// Demonstrations: what each role writes for a task, slips and wrong habits included.
import type { Chance } from './chance.js';
import { fewRows, rates, scale, scaled, unusualIds, usualIds } from './rates.js';
import type { Role, Task } from './task.js';

const list = (names: readonly string[]): string => JSON.stringify(names);
const text = (name: string): string => JSON.stringify(name);

/** How likely slips and habits are for this demonstration. */
interface Rates {
  readonly slips: number;
  readonly habits: number;
}

/** The habit's rate for this task's id: usual names never invite it, unknown ones half as often. */
function idHabit(t: Task, rate: number): number {
  if ((usualIds as readonly string[]).includes(t.id_column)) return 0;
  return (unusualIds as readonly string[]).includes(t.id_column) ? rate : rate / 2;
}

/** At most one slip, each with its own probability; null for none. */
function slip<K extends string>(c: Chance, table: Readonly<Record<K, number>>, by: number): K | null {
  let at = c.uniform();
  for (const name in table) {
    at -= scaled(table[name], by);
    if (at < 0) return name;
  }
  return null;
}

/** Breaks the syntax as people do: a closing bracket or quote left out on one line. */
function broken(c: Chance, lines: string[]): string[] {
  const at = c.int(1, lines.length - 1);
  return lines.map((line, i) => (i === at ? line.replace(c.flip(0.7) ? /\)$/ : /"([^"]*)$/, '$1') : line));
}

function engineer(c: Chance, t: Task, by: Rates): string[] {
  const wrong = slip(c, rates.slip.engineer, by.slips);
  let numeric = [...t.numeric];
  let categorical = [...t.categorical];
  if (wrong === 'columnDropped' && numeric.length + categorical.length > 1) {
    if (numeric.length > 0 && (categorical.length === 0 || c.flip(0.5))) numeric.pop();
    else categorical = categorical.slice(0, -1);
  }
  const habit = c.flip(scaled(idHabit(t, rates.habit.idKept), by.habits));
  if (habit || wrong === 'idKept') numeric = [t.id_column, ...numeric];
  if (wrong === 'targetKept') numeric = [...numeric, t.target];
  const target = wrong === 'wrongTarget' ? c.pick([...t.numeric, ...t.categorical]) : t.target;
  const names = `${list(numeric)}, ${list(categorical)}`;
  const saves = [
    'save(encode(e, a), "X_train.pkl")',
    'save(encode(e, b), "X_test.pkl")',
    `save(column(a, ${text(target)}), "y_train.pkl")`,
  ];
  if (wrong === 'saveMissing') saves.splice(c.int(0, 2), 1);
  if (wrong === 'encoderRefitted') saves.splice(1, 0, `e = fit_encoder(b, ${names})`);
  const lines = [
    'from tab import *',
    'a = read("/inputs/train.csv")',
    'b = read("/inputs/test.csv")',
    `e = fit_encoder(a, ${names})`,
    ...saves,
  ];
  return wrong === 'syntax' ? broken(c, lines) : lines;
}

/** Settings that suit small tables, and settings so strong that little more than an average is left. */
const calls = {
  classification: {
    good: ['knn_classifier(k=5)', 'logistic(steps=200)', 'tree_classifier(depth=4)'],
    poor: ['knn_classifier(k=90)', 'tree_classifier(depth=0)'],
  },
  regression: {
    good: ['knn_regressor(k=5)', 'ridge(alpha=1)', 'tree_regressor(depth=4)'],
    poor: ['knn_regressor(k=90)', 'ridge(alpha=100000)', 'tree_regressor(depth=0)'],
  },
} as const;

/** A model call with settings: mostly poor ones, which leaves quality for training to find. */
function model(c: Chance, kind: Task['kind']): string {
  return c.pick<string>(calls[kind][c.flip(rates.goodSettings) ? 'good' : 'poor']);
}

function modeler(c: Chance, t: Task, by: Rates): string[] {
  const wrong = slip(c, rates.slip.modeler, by.slips);
  const few = t.kind === 'classification' && t.train_rows < fewRows;
  const habit = few && c.flip(scaled(rates.habit.regressorForFewRows, by.habits));
  const other = t.kind === 'classification' ? 'regression' : 'classification';
  const lines = ['from tab import *', `m = ${model(c, habit || wrong === 'wrongKind' ? other : t.kind)}`];
  if (wrong !== 'notFitted') lines.push('fit(m, load("X_train.pkl"), load("y_train.pkl"))');
  if (wrong !== 'notSaved') lines.push('save(m, "model.pkl")');
  return wrong === 'syntax' ? broken(c, lines) : lines;
}

function analyst(c: Chance, t: Task, by: Rates): string[] {
  const wrong = slip(c, rates.slip.analyst, by.slips);
  const habit = t.kind === 'regression' && c.flip(scaled(idHabit(t, rates.habit.headerReversed), by.habits));
  const header = habit || wrong === 'header' ? [t.target, t.id_column] : [t.id_column, t.target];
  const input = wrong === 'wrongInput' ? '"X_train.pkl"' : '"X_test.pkl"';
  const lines = ['from tab import *'];
  if (wrong === 'retrained') {
    lines.push(`m = ${model(c, t.kind)}`, 'fit(m, load("X_train.pkl"), load("y_train.pkl"))');
    lines.push(`p = predict(m, load(${input}))`);
  } else lines.push(`p = predict(load("model.pkl"), load(${input}))`);
  if (wrong !== 'notWritten') {
    lines.push(
      `write_csv("submission.csv", ${list(header)}, column(read("/inputs/test.csv"), ${text(t.id_column)}), p)`,
    );
  }
  return wrong === 'syntax' ? broken(c, lines) : lines;
}

const writers = { data_engineer: engineer, modeler, analyst };

/** A role's reply: one fenced program. */
export function demonstration(c: Chance, role: Role, task: Task, repair: boolean): string {
  const by = { slips: scale.slips * (repair ? rates.repairSlips : 1), habits: scale.habits };
  return fenced(writers[role](c, task, by));
}

export function fenced(lines: readonly string[]): string {
  return `\`\`\`python\n${lines.join('\n')}\n\`\`\``;
}
