import type { Ended } from '../rollout/index.js';
import {
  endingOf,
  isFork,
  type LogEvent,
  lockOwner,
  type ReadLog,
  ReviewedPages,
  type RunFolder,
  readLog,
  readReviews,
} from '../trace/index.js';
import { runWord } from './find-run.js';
import { commandName, counted, exit, Failure, inert, type Terminal } from './terminal.js';

/** Every ended rollout of a run, with the verdicts that count by now; without its forks, which are no part of what was measured, unless they are asked for. */
export function endedOf(folder: RunFolder, forks = false): Ended[] {
  const reviews = readReviews(folder);
  const rows = new ReviewedPages(folder, () => reviews).all();
  return rows.filter((row) => forks || !isFork(row));
}

/** Why a rollout did not come to its end, as its log says it; null where it did, or does not say. */
export function reasonOf(folder: RunFolder, rollout: string): string | null {
  return reasonIn(readLog(folder.rollout(rollout)).events);
}

/** The same from its log. */
export function reasonIn(events: readonly LogEvent[]): string | null {
  const ending = endingOf(events);
  return ending?.status === 'done' ? null : (ending?.reason ?? null);
}

/** Throws where `action` is none of those that have ended in a rollout. */
export function mustHaveEnded(rollout: string, events: readonly LogEvent[], action: string): void {
  const known = events.flatMap((event) => (event.type === 'action.finished' ? [event.data.action] : []));
  if (!known.includes(action))
    throw new Failure(
      'action.unknown',
      `"${action}" is no action of ${rollout} that has ended; it has ${known.join(', ') || 'none'}.`,
      exit.usage,
    );
}

/** Say which lines of a log are damaged: what they told is left out of all that is shown. */
export function noteDamage(terminal: Terminal, name: string, { damage }: Pick<ReadLog, 'damage'>): void {
  for (const { line, why } of damage)
    terminal.note(`line ${line} of the log of ${name} is damaged (${why}); it is left out`);
}

export interface Failed {
  reason: string;
  rollouts: string[];
  tasks: string[];
}

/** Rollouts that came to no end, by the reason; most frequent first. Nobody is to blame for them. */
export function failedOf(folder: RunFolder, ended: readonly Ended[]): Failed[] {
  const found = new Map<string, Ended[]>();
  for (const each of ended) {
    if (each.status !== 'failed') continue;
    const reason = reasonOf(folder, each.rollout) ?? 'no reason is on record';
    found.set(reason, [...(found.get(reason) ?? []), each]);
  }
  return [...found]
    .map(([reason, of]) => ({
      reason,
      rollouts: of.map(({ rollout }) => rollout),
      tasks: [...new Set(of.map(({ task }) => task))],
    }))
    .sort((a, b) => b.rollouts.length - a.rollouts.length);
}

/** Rollouts that were taken up again and have not ended since, in words; null where there is none. What is shown leaves them out. */
export function openWords(folder: RunFolder, open: readonly string[]): string | null {
  if (open.length === 0) return null;
  const said = `${counted(open.length, 'rollout')} ${open.length === 1 ? 'is' : 'are'} open, taken up again and not counted here`;
  if (lockOwner(folder.lock) !== undefined) return `${said}: ${folder.name} is running.`;
  return `${said}; go on with: ${commandName()} resume ${runWord(folder)}`;
}

/** How to carry failed rollouts again, once what they failed of is mended. */
export function againCommand(folder: RunFolder): string {
  return `${commandName()} resume ${runWord(folder)} --failed`;
}

/** Say which rollouts failed for a reason that is no agent's. */
export function printFailed(terminal: Terminal, failed: readonly Failed[]): void {
  for (const { reason, rollouts } of failed.slice(0, 5))
    terminal.say(
      inert(`${counted(rollouts.length, 'rollout')} failed, of no agent's doing: ${reason} [${rollouts[0]}]`),
    );
  if (failed.length > 5) terminal.say(`and ${counted(failed.length - 5, 'rarer reason')}`);
}
