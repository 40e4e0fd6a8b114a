import { readLine, scanLines } from '../../trace/index.js';
import type { Run } from '../runs/run.js';

/** What a run last saw of an artifact. */
export interface LastFacts {
  rollout: string;
  action: string;
  facts: Readonly<Record<string, unknown>>;
  breaches: string[];
}

/** How many rollouts are looked through, the newest first: in those before them it was not made either. */
const LOOKED_AT = 20;

/** The facts of an artifact in the newest rollout that has any; null where none has. */
export function lastFacts(run: Run, artifact: string): LastFacts | null {
  const count = run.pages.count();
  const rows = run.pages.page(Math.max(0, count - LOOKED_AT), LOOKED_AT);
  for (const { rollout } of rows.toReversed()) {
    const path = run.folder.rollout(rollout);
    for (const line of scanLines(path).toReversed()) {
      const event = line.type === 'artifact.checked' ? readLine(path, line) : undefined;
      if (event?.type !== 'artifact.checked') continue;
      const facts = event.data.facts[artifact];
      if (!facts) continue;
      const own = event.data.breaches.filter((each) => each.artifact === artifact);
      return { rollout, action: event.data.action, facts, breaches: own.map(({ message }) => message) };
    }
  }
  return null;
}

/** Facts in a few words: those that are a number, a truth or a short text. */
export function factWords(facts: Readonly<Record<string, unknown>>): string {
  return Object.entries(facts)
    .filter(([, value]) => ['number', 'boolean'].includes(typeof value) || isShort(value))
    .slice(0, 10)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}

const isShort = (value: unknown): boolean =>
  typeof value === 'string' && value.length > 0 && value.length <= 40;
