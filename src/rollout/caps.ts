import * as z from 'zod';
import { type RunFolder, readLog } from '../trace/index.js';
import type { Limits } from '../workflow/index.js';

const names = ['calls', 'tokens', 'dollars', 'minutes'] as const;

/** Caps that a person gave in place of the workflow's own. */
export type Caps = { [K in (typeof names)[number]]?: number };

/** The caps among other things. */
export function capsAmong(given: object): Caps {
  const all = given as Record<string, unknown>;
  return Object.fromEntries(
    names.flatMap((name) => {
      const most = z.number().nonnegative().safeParse(all[name]);
      return most.success ? [[name, most.data]] : [];
    }),
  );
}

/** What caps a run now: its workflow's limits, what it was started with, and what was raised at each resume since. */
export function limitsOf(limits: Limits, folder: RunFolder): Limits {
  const raised = readLog(folder.log).events.flatMap((event) =>
    event.type === 'run.resumed' ? [capsAmong(event.data.caps ?? {})] : [],
  );
  return Object.assign({ ...limits }, capsAmong(folder.readInfo().options), ...raised);
}

/** The cap that a sentence says is reached: its name and how high it is; null where it names none. */
export function capIn(text: string): { name: keyof Caps; most: number } | null {
  const found = /limits\.(calls|tokens|dollars|minutes) ([\d.]+)/.exec(text);
  return found ? { name: found[1] as keyof Caps, most: Number(found[2]) } : null;
}
