import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type EventType, eventTypes, type Happening, type LogEvent, parseEventData } from './events.js';

/** The `prev` of the first event of a file. */
export const ORIGIN = '0'.repeat(16);
const known = new Set<string>(eventTypes);
const TAIL = /,"sum":"([0-9a-f]{16})"\}$/;

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** One event as one line of JSON, without its line end. */
export function encodeLine(
  event: Happening,
  seq: number,
  at: number,
  prev: string,
): { line: string; sum: string } {
  const body = JSON.stringify({ seq, at, prev, type: event.type, data: event.data });
  const open = body.slice(0, -1);
  const sum = checksum(open);
  return { line: `${open},"sum":"${sum}"}`, sum };
}

const lineSchema = z.object({
  seq: z.number(),
  at: z.number(),
  prev: z.string(),
  type: z.string(),
  data: z.unknown(),
  sum: z.string(),
});

/** Whoever can write a line can write its check sum as well. */
function parsed(line: string): z.infer<typeof lineSchema> | null {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

export type Decoded = { event: LogEvent } | { damage: string };

/** A line back to its event, or what is wrong with it. `expected` is the chain's state; null: take the line's own. */
export function decodeLine(line: string, expected: { seq: number; prev: string } | null): Decoded {
  const tail = TAIL.exec(line);
  if (!tail) return { damage: 'it does not end with a check sum' };
  if (checksum(line.slice(0, tail.index)) !== tail[1]) return { damage: 'its check sum does not match' };
  const raw = parsed(line);
  if (!raw) return { damage: 'it is no event, though its check sum matches' };
  if (expected && (raw.seq !== expected.seq || raw.prev !== expected.prev))
    return { damage: 'events before it are missing' };
  if (!known.has(raw.type)) return { damage: `its type "${raw.type}" is not known to this version` };
  try {
    const data = parseEventData(raw.type as EventType, raw.data);
    return { event: { ...raw, data } as LogEvent };
  } catch (error) {
    return { damage: `its data does not fit its type: ${(error as Error).message.split('\n')[0]}` };
  }
}
