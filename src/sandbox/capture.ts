// Keeps the head and the tail of a stream that may be endless, in bounded memory.
import type { Captured } from './types.js';

export interface Capture {
  add(chunk: Buffer): void;
  /** Bytes seen so far, kept or not. */
  readonly bytes: number;
  finish(): Captured;
}

/** Keeps at most `limit` bytes: the first half and the last half. */
export function capture(limit: number): Capture {
  const half = Math.max(1, Math.floor(limit / 2));
  const head: Buffer[] = [];
  let headBytes = 0;
  let tail: Buffer[] = [];
  let tailBytes = 0;
  let bytes = 0;

  const addTail = (chunk: Buffer): void => {
    if (chunk.length === 0) return;
    tail.push(chunk);
    tailBytes += chunk.length;
    // Compact rarely, so that many one-byte writes stay linear.
    if (tailBytes > half * 2 || tail.length > 1024) {
      const joined = Buffer.concat(tail);
      // A copy, because a slice would keep the whole chunk alive.
      tail = [Buffer.from(joined.subarray(Math.max(0, joined.length - half)))];
      tailBytes = tail[0]?.length ?? 0;
    }
  };

  return {
    add(chunk) {
      bytes += chunk.length;
      const room = half - headBytes;
      if (room > 0) {
        head.push(chunk.subarray(0, room));
        headBytes += Math.min(room, chunk.length);
      }
      addTail(room > 0 ? chunk.subarray(room) : chunk);
    },
    get bytes() {
      return bytes;
    },
    finish() {
      const first = Buffer.concat(head);
      const joined = Buffer.concat(tail);
      const last = joined.subarray(Math.max(0, joined.length - half));
      const lost = bytes - first.length - last.length;
      if (lost === 0) return { text: Buffer.concat([first, last]).toString('utf8'), bytes, cut: false };
      const mark = `\n[... ${lost} bytes cut here ...]\n`;
      return { text: first.toString('utf8') + mark + last.toString('utf8'), bytes, cut: true };
    },
  };
}
