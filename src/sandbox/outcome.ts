// Decides how a command ended. Pure: counters and our own kills in, one word out; nothing the program printed.
import { constants } from 'node:os';
import type { Outcome } from './types.js';

export type OwnKill = 'timeout' | 'oom' | 'output limit' | 'disk limit' | 'killed';

export interface Ending {
  /** The status of the outermost process: an exit code, or the signal that ended it. */
  code: number | null;
  signal: string | null;
  /** Why we ended it, if we did; the first reason counts. */
  ownKill: OwnKill | null;
  oomKills: number;
  diskFull: boolean;
  /** The launcher reported its end, so a code above 128 is the program's own. */
  reported: boolean;
}

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

export function judge(ending: Ending): { outcome: Outcome; exitCode: number | null; signal: string | null } {
  let { code, signal } = ending;
  // A wrapper passes on "ended by signal n" as 128 + n.
  if (code !== null && code > 128 && !ending.reported && signalNames.has(code - 128)) {
    signal = signalNames.get(code - 128) ?? null;
    code = null;
  }
  const outcome: Outcome =
    ending.oomKills > 0
      ? 'oom'
      : (ending.ownKill ?? (ending.diskFull ? 'disk limit' : code === 0 ? 'ok' : 'failed'));
  return { outcome, exitCode: code, signal };
}
