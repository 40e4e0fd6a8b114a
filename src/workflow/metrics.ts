import { parse as parseCsv } from 'csv-parse/sync';
import { numberIn } from './numbers.js';

/** A metric's value, or why it could not be computed. */
export type Measured = { value: number } | { invalid: string };

/** Metrics of labels; the others are of numbers. */
const ofLabels = ['accuracy', 'f1'];
export const metricNames = [...ofLabels, 'rmse', 'mae'];

/** What is wrong with hidden answers, where a metric cannot be computed from them; null where it can. */
export function answersFault(metric: string, answers: string): string | null {
  const truth = truthOf(metric, answers);
  return 'invalid' in truth ? truth.invalid : null;
}

function truthOf(metric: string, answers: string): Table {
  const truth = table(answers);
  if ('invalid' in truth) return truth;
  if (truth.rows.size === 0) return { invalid: 'there is no row below the header' };
  const isNumber = (text: string) => text.trim() !== '' && Number.isFinite(Number(text));
  const bad = ofLabels.includes(metric)
    ? undefined
    : [...truth.rows.values()].find((each) => !isNumber(each));
  return bad === undefined ? truth : { invalid: `"${bad.slice(0, 40)}" is not a number` };
}

/**
 * Compare a submission with the hidden answers. Both are CSV; the first column of the answers is the id, the
 * last one the truth. Rows are matched by id; every id must be there exactly once. Throws where the answers are at
 * fault, for which no agent can be blamed.
 */
export function measure(metric: string, submission: string, answers: string): Measured {
  const truth = truthOf(metric, answers);
  if ('invalid' in truth) throw new RangeError(`the answers: ${truth.invalid}`);
  const given = table(submission);
  if ('invalid' in given) return given;
  if (given.rows.size !== truth.rows.size)
    return { invalid: `it has ${given.rows.size} rows, not ${truth.rows.size}` };
  const pairs: [string, string][] = [];
  for (const [id, value] of truth.rows) {
    const guess = given.rows.get(id);
    if (guess === undefined) return { invalid: `the row with id ${id} is missing` };
    pairs.push([guess, value]);
  }
  if (metric === 'accuracy')
    return { value: mean(pairs.map(([guess, value]) => (sameLabel(guess, value) ? 1 : 0))) };
  if (metric === 'f1') return { value: macroF1(pairs) };
  const errors = pairs.map(([guess, value]) =>
    guess.trim() === '' ? Number.NaN : Number(guess) - Number(value),
  );
  const bad = errors.findIndex((error) => !Number.isFinite(error));
  if (bad >= 0) return { invalid: `"${pairs[bad]![0].slice(0, 40)}" is not a number` };
  if (metric === 'mae') return { value: mean(errors.map(Math.abs)) };
  return { value: Math.sqrt(mean(errors.map((error) => error * error))) };
}

/** Fair metric: failures are charged the fallback, `s * raw + (1 - s) * fallback` (MAPPA). */
export function fairMetric(raw: number, successRate: number, fallback: number): number {
  return successRate * raw + (1 - successRate) * fallback;
}

type Table = { rows: Map<string, string> } | { invalid: string };

function table(text: string): Table {
  let lines: string[][];
  try {
    lines = parseCsv(text, { bom: true, skip_empty_lines: true, relax_column_count: true }) as string[][];
  } catch (error) {
    return { invalid: `it is not CSV: ${(error as Error).message}` };
  }
  const rows = new Map<string, string>();
  for (const line of lines.slice(1)) {
    if (line.length < 2) return { invalid: 'a row has fewer than two cells' };
    const id = canonical(line[0]!);
    if (rows.has(id)) return { invalid: `the id ${id} stands there twice` };
    rows.set(id, line.at(-1)!);
  }
  return { rows };
}

/** Ids and labels are compared as numbers where both are numbers: 1 is 1.0. */
function canonical(cell: string): string {
  return String(numberIn(cell) ?? cell.trim());
}

function sameLabel(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

function macroF1(pairs: [string, string][]): number {
  const labels = [...new Set(pairs.map(([, value]) => canonical(value)))];
  return mean(
    labels.map((label) => {
      const hit = pairs.filter(
        ([guess, value]) => canonical(guess) === label && canonical(value) === label,
      ).length;
      const guessed = pairs.filter(([guess]) => canonical(guess) === label).length;
      const real = pairs.filter(([, value]) => canonical(value) === label).length;
      return hit === 0 ? 0 : (2 * hit) / (guessed + real);
    }),
  );
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
