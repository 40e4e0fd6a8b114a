import { existsSync, readFileSync } from 'node:fs';
import type { LogEvent } from './events.js';
import { decodeLine, ORIGIN } from './line.js';

/** What was read of a log file. Offsets are bytes. */
export interface ReadLog {
  events: LogEvent[];
  /** Where the last good line ends: what follows is a torn tail. */
  end: number;
  torn: boolean;
  /** Lines that are damaged while good ones follow; the events around them were still read. */
  damage: { line: number; offset: number; why: string }[];
}

/** Read a whole log file. A missing file is an empty log. Never throws for damage. */
export function readLog(path: string): ReadLog {
  if (!existsSync(path)) return { events: [], end: 0, torn: false, damage: [] };
  return parseLog(readFileSync(path));
}

/** The same from bytes. */
export function parseLog(bytes: Buffer): ReadLog {
  const out: ReadLog = { events: [], end: 0, torn: false, damage: [] };
  let pending: ReadLog['damage'] = [];
  let chain: { seq: number; prev: string } | null = { seq: 0, prev: ORIGIN };
  let offset = 0;
  for (let line = 1; offset < bytes.length; line++) {
    const end = bytes.indexOf(10, offset);
    if (end < 0) {
      pending.push({ line, offset, why: 'its end is missing' });
      break;
    }
    const decoded = decodeLine(bytes.toString('utf8', offset, end), chain);
    if ('event' in decoded) {
      out.damage.push(...pending);
      pending = [];
      out.events.push(decoded.event);
      out.end = end + 1;
      chain = { seq: decoded.event.seq + 1, prev: decoded.event.sum };
    } else {
      pending.push({ line, offset, why: decoded.damage });
      chain = null;
    }
    offset = end + 1;
  }
  out.torn = pending.length > 0;
  return out;
}
