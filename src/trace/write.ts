import { constants, lstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Happening, LogEvent } from './events.js';
import { FileProblem } from './json-file.js';
import { encodeLine, ORIGIN } from './line.js';
import { parseLog, type ReadLog } from './read.js';

/** A follower sees what happens this late at most, and an action that is faster costs no write of its own. */
const SHOWN_MS = 150;

/** Appends events to one file. It has one writer; `sync` resolves when the disk has all that was appended. */
export class LogWriter {
  private buffer: string[] = [];
  private flushing: Promise<void> | null = null;
  private failure: Error | null = null;
  /** Something is in the file that the disk may not have yet. */
  private unsynced = false;
  private showing: NodeJS.Timeout | undefined;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private seq: number,
    private prev: string,
    private readonly onEvent: ((event: LogEvent) => void) | null,
  ) {}

  /**
   * Open a log for appending. A torn tail is cut off (and kept beside it as `.torn`); damage in the middle is
   * left where it is and comes back in `recovered.damage`.
   */
  static async open(
    path: string,
    onEvent: ((event: LogEvent) => void) | null = null,
  ): Promise<{ log: LogWriter; recovered: ReadLog }> {
    const file = await openOwn(path, constants.O_APPEND | constants.O_CREAT | constants.O_RDWR);
    const bytes = await file.readFile();
    const recovered = parseLog(bytes);
    if (recovered.torn) {
      const torn = await openOwn(`${path}.torn`, constants.O_CREAT | constants.O_TRUNC | constants.O_WRONLY);
      await torn.writeFile(bytes);
      await torn.close();
      await file.truncate(recovered.end);
    }
    const last = recovered.events.at(-1);
    return {
      log: new LogWriter(path, file, last ? last.seq + 1 : 0, last?.sum ?? ORIGIN, onEvent),
      recovered,
    };
  }

  /** Add an event to what the next sync (or close) writes. */
  append(event: Happening): void {
    if (this.failure) throw this.failure;
    const at = Date.now();
    const { line, sum } = encodeLine(event, this.seq, at, this.prev);
    this.buffer.push(`${line}\n`);
    this.onEvent?.({ ...event, seq: this.seq, at, prev: this.prev, sum } as LogEvent);
    this.seq += 1;
    this.prev = sum;
  }

  /** The check sum of the last event: what `run.jsonl` records as this file's head. */
  get head(): string {
    return this.prev;
  }

  /** Write everything and wait for `fdatasync`. Callers that come while a sync is under way share the next one. */
  async sync(): Promise<void> {
    while (this.flushing) await this.flushing;
    if (this.failure) throw this.failure;
    if (this.buffer.length === 0 && !this.unsynced) return;
    this.flushing = this.flush(true);
    await this.flushing;
    if (this.failure) throw this.failure;
  }

  /**
   * Write what was appended for those who follow the file, soon, unless a sync comes first; nobody waits, and the disk
   * may have it later.
   */
  show(): void {
    this.showing ??= setTimeout(() => {
      this.showing = undefined;
      if (this.flushing) this.show();
      else if (this.buffer.length > 0 && !this.failure) this.flushing = this.flush(false);
    }, SHOWN_MS);
  }

  private async flush(durable: boolean): Promise<void> {
    const text = this.buffer.join('');
    this.buffer = [];
    try {
      this.unsynced = true;
      if (text !== '') await this.file.appendFile(text);
      if (!durable) return;
      await this.file.datasync();
      this.unsynced = false;
    } catch (error) {
      this.failure = new Error(`The log ${this.path} could not be written: ${(error as Error).message}`, {
        cause: error,
      });
    } finally {
      this.flushing = null;
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.showing);
    try {
      await this.sync();
    } finally {
      await this.file.close();
    }
  }
}

/**
 * A file of a run, opened to be written. A run may have come with a clone: where its file, or the folder it lies in,
 * is a link, it is refused, since it would lead to a file of the user.
 */
async function openOwn(path: string, flags: number): Promise<FileHandle> {
  const refused = () =>
    new FileProblem(`${path} is a link, or lies in one: a run has files of its own. Remove it to go on.`);
  if (lstatSync(dirname(path), { throwIfNoEntry: false })?.isSymbolicLink()) throw refused();
  let file: FileHandle;
  try {
    file = await open(path, flags | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ELOOP' ? refused() : error;
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw refused();
}
