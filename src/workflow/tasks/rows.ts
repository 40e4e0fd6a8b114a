import * as l10n from '@vscode/l10n';
import { type CastingContext, parse as parseCsv } from 'csv-parse/sync';
import type { z } from 'zod';
import { numberIn } from '../numbers.js';
import { type RawTask, taskSchema } from '../schema-tasks.js';
import { parseSource } from '../source/source.js';
import { csvOfPeople } from './csv.js';

/** The tasks of one file as they are written, and what keeps it from being read. */
export interface Rows {
  rows: readonly Row[];
  problems: readonly string[];
}

/** `line`: where it begins in the file, from 1. */
type Row = { line: number } & ({ task: RawTask } | { invalid: string; fields: object });

/** Characters of files whose tasks are kept; what was asked for last stays, however long it is. */
const KEPT = 8_000_000;
const kept = new Map<string, { text: string; rows: Rows }>();
let characters = 0;

/**
 * The tasks of a file's text. A workflow is checked at every key stroke and its task files seldom change, so a text
 * that was read before is not parsed again; what is given is shared and must not be changed.
 */
export function readRows(folder: string, path: string, text: string): Rows {
  const key = `${folder}\0${path}`;
  const known = kept.get(key);
  const rows = known?.text === text ? known.rows : parsed(path, text);
  characters += text.length - (known?.text.length ?? 0);
  kept.delete(key);
  kept.set(key, { text, rows });
  for (const [oldest, each] of kept) {
    if (characters <= KEPT || oldest === key) break;
    kept.delete(oldest);
    characters -= each.text.length;
  }
  return rows;
}

function parsed(path: string, text: string): Rows {
  const problems: string[] = [];
  const rows = parseRows(path, text, problems).map(({ line, row }): Row => {
    const { success, data, error } = taskSchema.safeParse(row);
    return success
      ? { line, task: data }
      : { line, invalid: firstIssue(error, row), fields: Object(row) as object };
  });
  return { rows, problems };
}

function parseRows(path: string, text: string, problems: string[]): { line: number; row: unknown }[] {
  if (path.endsWith('.csv')) {
    const lines: number[] = [];
    const lineAt = linesInBytes(text);
    const cast = (cell: string, context: CastingContext) => {
      if (!context.header && context.index === 0)
        lines.push(lineAt(context.bytes) - (cell.match(/\n/g)?.length ?? 0));
      return castCell(cell, context);
    };
    try {
      const rows = parseCsv<object>(text, { ...csvOfPeople, cast });
      return rows.map((row, at) => ({ line: lines[at]!, row: withoutEmpty(row) }));
    } catch (error) {
      problems.push(`${path}: ${l10n.t('this is not CSV: {0}', (error as Error).message)}`);
      return [];
    }
  }
  if (path.endsWith('.jsonl'))
    return text
      .replace(/^\uFEFF/, '')
      .split('\n')
      .flatMap((line, at) => {
        if (line.trim() === '') return [];
        try {
          return [{ line: at + 1, row: JSON.parse(line) as unknown }];
        } catch (error) {
          problems.push(
            `${path}:${at + 1}: ${l10n.t('this line is not JSON: {0}', (error as Error).message)}`,
          );
          return [];
        }
      });
  const { source, problems: found } = parseSource(text, path);
  problems.push(...found.map((problem) => `${path}:${problem.line}:${problem.column}: ${problem.message}`));
  if (source === undefined) return [];
  const place = (path: [number] | []) => source.lineAt(source.offsets(path)[0]);
  return Array.isArray(source.value)
    ? source.value.map((row: unknown, at) => ({ line: place([at]), row }))
    : [{ line: place([]), row: source.value as unknown }];
}

/** The line (from 1) at a place that is counted in bytes; places are asked for in their order. */
function linesInBytes(text: string): (place: number) => number {
  const bytes = Buffer.from(text);
  let [line, at] = [1, 0];
  return (place) => {
    for (; at < place; at++) if (bytes[at] === 0x0a) line += 1;
    return line;
  };
}

/** A number where the cell holds one; ids and prompts are text. */
function castCell(cell: string, { column, header }: CastingContext): string | number {
  const isText = header || column === 'id' || column === 'prompt';
  return isText ? cell : (numberIn(cell) ?? cell);
}

/** What every task may say: an empty cell of such a column says nothing. */
const optional = new Set(Object.keys(taskSchema.shape).filter((key) => key !== 'prompt'));

function withoutEmpty(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([key, value]) => value !== '' || !optional.has(key)));
}

function firstIssue(error: z.ZodError, row: unknown): string {
  const { path, message } = error.issues[0]!;
  const name = path.join('.') || l10n.t('it');
  return path[0] === 'id' ? `id ${JSON.stringify(Object(row).id)}: ${message}` : `${name}: ${message}`;
}
