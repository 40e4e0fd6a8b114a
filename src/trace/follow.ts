import { closeSync, existsSync, type FSWatcher, fstatSync, openSync, readSync, watch } from 'node:fs';
import type { LogEvent } from './events.js';
import { decodeLine } from './line.js';

/**
 * Events of a log file from a byte offset on, as they are written. Ends when `signal` is aborted. A half-written
 * line is waited for; a damaged one is passed over.
 */
export async function* followLog(
  path: string,
  signal: AbortSignal,
  from = 0,
): AsyncGenerator<{ event: LogEvent; end: number }> {
  let offset = from;
  let rest = Buffer.alloc(0);
  while (!signal.aborted) {
    const bytes = readFrom(path, offset);
    if (bytes.length === 0) {
      await changed(path, signal);
      continue;
    }
    offset += bytes.length;
    rest = Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const decoded = decodeLine(rest.toString('utf8', 0, end), null);
      rest = rest.subarray(end + 1);
      if ('event' in decoded) yield { event: decoded.event, end: offset - rest.length };
    }
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
