import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
} from 'node:fs';
import { join } from 'node:path';
import type { EventData, LogEvent } from './events.js';
import { decodeLine } from './line.js';
import { writeOwn } from './own-file.js';
import type { RunFolder } from './run-folder.js';

export type RolloutRow = EventData<'rollout.ended'>;

const CHUNK = 1 << 18;
/** Bytes of a line that its rollout's name is in: it is the first thing that the data says. */
const HEAD = 512;
const MARK = Buffer.from('"type":"rollout.ended"');
const REOPENED = Buffer.from('"type":"rollout.reopened"');

/**
 * The ended rollouts of a run, page by page, without reading the rest: byte offsets of their lines in run.jsonl
 * are kept in `index/`, brought up to date from where they ended, and rebuilt when they do not fit. A row of a rollout
 * that was taken up again since is none.
 */
export class RolloutPages {
  private offsets: number[] = [];
  private scanned = 0;
  private left = 0;
  /** Rollouts that were taken up again and have not ended since. */
  private readonly reopened = new Set<string>();
  constructor(private readonly folder: RunFolder) {
    this.load();
  }

  /** How many rollouts have ended. Scans only what was written since the last call. */
  count(): number {
    this.update();
    return this.offsets.length;
  }

  /** How many rows were left out since their rollouts were taken up again. Where it changed, rows have other places. */
  get leftOut(): number {
    this.update();
    return this.left;
  }

  /** Rollouts that were taken up again and have not ended since: they have no row. */
  open(): string[] {
    this.update();
    return [...this.reopened];
  }

  /** Rows `from` to `from + size`, in the order in which they ended. */
  page(from: number, size: number): RolloutRow[] {
    this.update();
    const file = openSync(this.folder.log, 'r');
    try {
      return this.offsets.slice(from, from + size).flatMap((offset) => {
        const event = readLine(file, offset);
        return event?.type === 'rollout.ended' ? [event.data] : [];
      });
    } finally {
      closeSync(file);
    }
  }

  /** Every row, in the order in which they ended. */
  all(): RolloutRow[] {
    return this.page(0, this.count());
  }

  /** Names of the rollouts from row `from` on. Only the beginnings of their lines are read. */
  names(from: number): string[] {
    this.update();
    if (from >= this.offsets.length) return [];
    const file = openSync(this.folder.log, 'r');
    try {
      return this.offsets.slice(from).flatMap((offset) => nameAt(file, offset) ?? []);
    } finally {
      closeSync(file);
    }
  }

  /** The row of one rollout; undefined where it has not ended. Only the beginnings of the other lines are read. */
  find(rollout: string): RolloutRow | undefined {
    this.update();
    if (this.offsets.length === 0) return undefined;
    const wanted = `"rollout":${JSON.stringify(rollout)}`;
    const head = Buffer.alloc(HEAD);
    const file = openSync(this.folder.log, 'r');
    try {
      for (const offset of this.offsets.toReversed()) {
        const read = readSync(file, head, 0, HEAD, offset);
        if (!head.toString('utf8', 0, read).includes(wanted)) continue;
        const event = readLine(file, offset);
        if (event?.type === 'rollout.ended' && event.data.rollout === rollout) return event.data;
      }
      return undefined;
    } finally {
      closeSync(file);
    }
  }

  private get path(): string {
    return join(this.folder.index, 'rollouts.json');
  }

  private load(): void {
    try {
      const raw = JSON.parse(readFileSync(this.path, 'utf8')) as Record<string, number> & {
        offsets: number[];
        open: string[];
      };
      const size = sizeOf(this.folder.log);
      if (
        !Number.isInteger(raw.scanned) ||
        raw.scanned! > size ||
        !raw.offsets.every((offset) => offset < raw.scanned!) ||
        !raw.open.every((rollout) => typeof rollout === 'string')
      )
        return;
      this.offsets = raw.offsets;
      this.scanned = raw.scanned!;
      this.left = raw.left ?? 0;
      for (const rollout of raw.open) this.reopened.add(rollout);
    } catch {
      // No index yet, or a damaged one: it is made anew.
    }
  }

  private update(): void {
    if (!existsSync(this.folder.log)) return;
    const before = this.scanned;
    const reopened = new Map<string, number>();
    const file = openSync(this.folder.log, 'r');
    try {
      const size = fstatSync(file).size;
      const chunk = Buffer.alloc(CHUNK);
      let rest = Buffer.alloc(0);
      let offset = this.scanned;
      while (offset < size) {
        const read = readSync(file, chunk, 0, CHUNK, offset);
        if (read === 0) break;
        offset += read;
        rest = Buffer.concat([rest, chunk.subarray(0, read)]);
        let start = 0;
        for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, start)) {
          const begins = rest.subarray(start, Math.min(end, start + 160));
          if (begins.includes(MARK)) {
            this.offsets.push(this.scanned);
            if (this.reopened.size > 0) this.reopened.delete(nameAt(file, this.scanned) ?? '');
          }
          if (begins.includes(REOPENED)) {
            const rollout = nameAt(file, this.scanned) ?? '';
            reopened.set(rollout, this.scanned);
            this.reopened.add(rollout);
          }
          this.scanned += end + 1 - start;
          start = end + 1;
        }
        rest = Buffer.from(rest.subarray(start));
      }
      if (reopened.size > 0) this.leaveOut(file, reopened);
    } finally {
      closeSync(file);
    }
    if (this.scanned - before > CHUNK) this.save();
  }

  /** Drop the rows that come before the place where their rollout was taken up again. */
  private leaveOut(file: number, reopened: ReadonlyMap<string, number>): void {
    const before = this.offsets.length;
    this.offsets = this.offsets.filter((offset) => offset > (reopened.get(nameAt(file, offset) ?? '') ?? -1));
    this.left += before - this.offsets.length;
  }

  private save(): void {
    try {
      mkdirSync(this.folder.index, { recursive: true, mode: 0o700 });
      if (lstatSync(this.folder.index).isSymbolicLink()) return;
      writeOwn(
        `${this.path}.draft`,
        JSON.stringify({
          ...{ scanned: this.scanned, offsets: this.offsets },
          ...{ left: this.left, open: [...this.reopened] },
        }),
      );
      renameSync(`${this.path}.draft`, this.path);
    } catch {
      // A run on a read-only disk has no index; it is only slower.
    }
  }
}

function sizeOf(path: string): number {
  const file = openSync(path, 'r');
  try {
    return fstatSync(file).size;
  } finally {
    closeSync(file);
  }
}

/** The rollout that a line is about. Only its beginning is read. */
function nameAt(file: number, offset: number): string | undefined {
  const head = Buffer.alloc(HEAD);
  const read = readSync(file, head, 0, HEAD, offset);
  const name = /"rollout":("(?:[^"\\]|\\.)*")/.exec(head.toString('utf8', 0, read))?.[1];
  return name === undefined ? undefined : (JSON.parse(name) as string);
}

function readLine(file: number, offset: number): LogEvent | undefined {
  let bytes = Buffer.alloc(4096);
  let have = readSync(file, bytes, 0, bytes.length, offset);
  let end = bytes.indexOf(10);
  while (end < 0 && have === bytes.length) {
    const more = Buffer.alloc(bytes.length * 4);
    have = readSync(file, more, 0, more.length, offset);
    bytes = more;
    end = bytes.indexOf(10);
  }
  if (end < 0) return undefined;
  const decoded = decodeLine(bytes.toString('utf8', 0, end), null);
  return 'event' in decoded ? decoded.event : undefined;
}
