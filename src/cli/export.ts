import { once } from 'node:events';
import { createWriteStream, openSync } from 'node:fs';
import { stringify } from 'csv-stringify/sync';
import {
  Blobs,
  columns,
  exportedRollouts,
  otlpRequests,
  preferenceLines,
  RolloutPages,
  type RunFolder,
  readLog,
  sftLines,
  tableRows,
} from '../trace/index.js';
import { noteDamage, openWords } from './ended.js';
import { exit, Failure, type Terminal } from './terminal.js';
import { version } from './version.js';

export interface ExportOptions {
  as: 'sft' | 'preferences' | 'csv' | 'otlp';
  out?: string | undefined;
  minScore: number;
  margin: number;
  forks?: boolean | undefined;
}

/** `baton export`: a run in a form that other tools read, to stdout or a file. */
export async function exportCommand(
  terminal: Terminal,
  folder: RunFolder,
  options: ExportOptions,
): Promise<number> {
  folder.readInfo();
  noteDamage(terminal, folder.name, readLog(folder.log));
  const { out, as } = options;
  if (terminal.json && out === undefined && as === 'csv')
    throw new Failure('export.not-json', 'CSV is no JSON: name a file for it with --out.', exit.usage);
  const sink = out === undefined ? process.stdout : createWriteStream(out, { fd: openSync(out, 'w', 0o600) });
  let count = 0;
  for (const line of lines(folder, options)) {
    count += 1;
    if (!sink.write(line)) await once(sink, 'drain');
  }
  if (options.out !== undefined) {
    sink.end();
    await once(sink, 'finish');
  }
  const header = options.as === 'csv' ? 1 : 0;
  terminal.note(`${count - header} ${noun[options.as]}${options.out ? ` in ${options.out}` : ''}`);
  if (out !== undefined) terminal.emit({ run: folder.name, as, out, count: count - header });
  if (count - header === 0) terminal.note(empty[options.as]);
  const words = openWords(folder, new RolloutPages(folder).open());
  if (words) terminal.note(words);
  return exit.fine;
}

const noun = { sft: 'conversations', preferences: 'pairs', csv: 'actions', otlp: 'traces' } as const;
const empty = {
  sft: 'No action has a score of --min-score or more.',
  preferences:
    'No two replies to the same prompt differ by --margin; sample each task more than once (--samples).',
  csv: 'No rollout has ended yet.',
  otlp: 'No rollout has ended yet.',
} as const;

function* lines(folder: RunFolder, { as, minScore, margin, forks }: ExportOptions): Generator<string> {
  const rollouts = exportedRollouts(folder, forks);
  const blobs = new Blobs(folder.blobs);
  if (as === 'csv') {
    yield stringify([[...columns]]);
    // A cell that a spreadsheet would run as a formula is an agent's text here.
    for (const row of tableRows(folder.name, rollouts))
      yield stringify([row], { escape_formulas: true, cast: { boolean: String } });
    return;
  }
  const found =
    as === 'sft'
      ? sftLines(rollouts, blobs, minScore)
      : as === 'preferences'
        ? preferenceLines(rollouts, blobs, margin)
        : otlpRequests(folder.name, version(), rollouts);
  for (const line of found) yield `${JSON.stringify(line)}\n`;
}
