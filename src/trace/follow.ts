import { closeSync, existsSync, type FSWatcher, fstatSync, openSync, readSync, watch } from 'node:fs';
import type { LogEvent } from './events.js';
import { decodeLine } from './line.js';

/** Reads what was added to a log file since it last looked. A half-written line is waited for; a damaged one is passed over. */
export class LogTail {
  private rest = Buffer.alloc(0);

  /** `offset`: the byte to begin at, where a line begins. */
  constructor(
    private readonly path: string,
    private offset = 0,
  ) {}

  /** The next events, a part of the file at a time; null at its present end. `end`: the byte after each one's line. */
  read(): { event: LogEvent; end: number }[] | null {
    const bytes = readFrom(this.path, this.offset);
    if (bytes.length === 0) return null;
    this.offset += bytes.length;
    this.rest = Buffer.concat([this.rest, bytes]);
    const found: { event: LogEvent; end: number }[] = [];
    for (let end = this.rest.indexOf(10); end >= 0; end = this.rest.indexOf(10)) {
      const decoded = decodeLine(this.rest.toString('utf8', 0, end), null);
      this.rest = this.rest.subarray(end + 1);
      if ('event' in decoded) found.push({ event: decoded.event, end: this.offset - this.rest.length });
    }
    return found;
  }
}

/**
 * Events of a log file as they are written. Ends when `signal` is aborted, and once everything is read that was written
 * by whoever `written` asks for: a process that is killed writes no last event.
 */
export async function* followLog(
  path: string,
  signal: AbortSignal,
  written: () => boolean = () => true,
): AsyncGenerator<LogEvent> {
  const tail = new LogTail(path);
  while (!signal.aborted) {
    // Asked before the log is read: what it wrote last is read all the same.
    const more = written();
    const found = tail.read();
    if (found) yield* found.map(({ event }) => event);
    else if (more) await changed(path, signal);
    else return;
  }
}

const CHUNK = 1 << 20;

function readFrom(path: string, offset: number): Buffer {
  if (!existsSync(path)) return Buffer.alloc(0);
  const file = openSync(path, 'r');
  try {
    const size = Math.min(CHUNK, Math.max(0, fstatSync(file).size - offset));
    const bytes = Buffer.alloc(size);
    return bytes.subarray(0, readSync(file, bytes, 0, size, offset));
  } finally {
    closeSync(file);
  }
}

/** Resolves when the file may have grown. Watching is a hint (network disks give none), so it also looks by itself. */
function changed(path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let watcher: FSWatcher | undefined;
    const done = () => {
      clearTimeout(timer);
      watcher?.close();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, 200);
    signal.addEventListener('abort', done);
    try {
      watcher = watch(path, done);
      watcher.on('error', () => undefined);
    } catch {
      // The file is not there yet: the timer looks again.
    }
  });
}
