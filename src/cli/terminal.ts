import Table from 'cli-table3';
import pc from 'picocolors';
import type { ErrorCode } from './error-codes.js';

/** Exit codes of every command. */
export const exit = { fine: 0, problems: 1, usage: 2, environment: 3, budget: 4, cancelled: 130 } as const;

/** Colours for a result: none where stdout is not a terminal, whatever the environment says of colours. */
export const colours = pc.createColors(
  process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb',
);

/** Something a user can mend: what happened, where, and what to do next. */
export class Failure extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly exitCode: number = exit.problems,
  ) {
    super(message);
    this.name = 'Failure';
  }
}

/** Where a command writes: results on stdout, progress on stderr; with --json only JSON on stdout. */
export class Terminal {
  readonly live = process.stderr.isTTY === true;
  private status = '';
  constructor(readonly json: boolean) {}

  /** A line of the result; not with --json. */
  say(text = ''): void {
    if (this.json) return;
    this.clear();
    process.stdout.write(`${text}\n`);
  }

  /** A JSON value, a line: only with --json. */
  emit(value: unknown): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  note(text: string): void {
    this.clear();
    process.stderr.write(`${text}\n`);
  }

  /** One line that is written over on a terminal, and a plain line now and then elsewhere. */
  progress(text: string, plain = false): void {
    if (this.live) {
      this.clear();
      this.status = text.slice(0, (process.stderr.columns ?? 80) - 1);
      process.stderr.write(this.status);
    } else if (plain) process.stderr.write(`${text}\n`);
  }

  clear(): void {
    if (this.live && this.status) process.stderr.write(`\r\x1b[2K`);
    this.status = '';
  }

  table(head: string[], rows: (string | number)[][]): void {
    if (this.json || rows.length === 0) return;
    const plain = {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '  ',
    };
    const cells = rows.map((row) => row.map((cell) => inert(String(cell))));
    const columns = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
    const widths = fittingWidths([head, ...cells], columns);
    const table = new Table({
      head: head.map((each) => colours.dim(each)),
      chars: plain,
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
      wordWrap: true,
      colWidths: widths,
    });
    table.push(
      ...cells.map((row) =>
        row.map((content, at) => ({
          content,
          wrapOnWordBoundary: longestWord(content) <= (widths[at] ?? Number.POSITIVE_INFINITY),
        })),
      ),
    );
    this.say(table.toString().replace(/ +$/gm, ''));
  }
}

/**
 * Characters for each column of a table, so that its rows fit in a terminal of `columns`: the widest are made
 * narrower, none under 20. Null for a column that stays as wide as it is.
 */
export function fittingWidths(rows: readonly (readonly string[])[], columns: number): (number | null)[] {
  const natural = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  const gaps = 2 * (natural.length - 1);
  const total = (limit: number) => natural.reduce((sum, width) => sum + Math.min(width, limit), gaps);
  let limit = Math.max(20, ...natural);
  while (limit > 20 && total(limit) > columns) limit -= 1;
  return natural.map((width) => (width > limit ? limit : null));
}

function longestWord(text: string): number {
  return Math.max(...text.split(/\s+/).map((word) => word.length));
}

/** Text from a log or an agent, without anything a terminal would obey. */
export function inert(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\u00b7');
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** "1 rollout", "2 rollouts". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** One word of a command line, for hints that are typed as they stand. */
export function shellWord(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** How the user starts Baton, for hints: `npm start` has no `baton` on the path. */
export function commandName(): string {
  return process.env.BATON_COMMAND || 'baton';
}
