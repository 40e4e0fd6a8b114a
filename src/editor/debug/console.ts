import * as l10n from '@vscode/l10n';
import {
  type Evaluated,
  evaluate,
  type Facts,
  type FactsByArtifact,
  isFault,
  type Lookup,
  lookupFacts,
  namesIn,
  parseExpression,
  show,
  type Value,
} from '../../workflow/index.js';
import { factsAt, knownNames, lookupAt, NO_TASK } from './conditions.js';
import type { Recording } from './recording.js';
import type { Stop } from './timeline.js';
import type { Shown } from './variables.js';

/** The action that had ended last before a stop: the workspace of that moment is as it left it. Null: none had. */
export function lastEnded({ timeline }: Pick<Recording, 'timeline'>, stop: Stop): string | null {
  const last = timeline.events.slice(0, stop.events).findLast((event) => event.type === 'action.finished');
  return last?.type === 'action.finished' ? last.data.action : null;
}

/**
 * What an expression comes to at a stop. What the log has no fact of is computed in the sandbox where `compute` is
 * set; an artifact's name alone gives all that is found out about it. Throws a sentence where there is no answer.
 */
export async function inspected(
  recording: Recording,
  stop: Stop,
  text: string,
  compute: boolean,
): Promise<Shown> {
  if (compute && text.trim() === 'help') return { name: text, value: help(recording) };
  const parsed = parseExpression(text.trim());
  if (isFault(parsed)) throw new Error(parsed.message);
  const named = [...new Set(namesIn(parsed).map(({ parts }) => parts[0]!))].filter((name) =>
    recording.kinds.has(name),
  );
  const whole = parsed.is === 'name' && parsed.parts.length === 1 && named.length === 1;
  const logged = Object.fromEntries(factsAt(recording.timeline, stop));
  const before = whole
    ? wholeOf(logged, named[0]!)
    : evaluate(parsed, lookupAt(recording.timeline, stop, recording.task));
  if ('value' in before && !(whole && compute)) return shown(text, before.value);
  if (named.length > 0 && compute) {
    const found = await recording.inspect(named, recording.timeline.rollout, lastEnded(recording, stop));
    const facts = merged(logged, found);
    const after = whole ? wholeOf(facts, named[0]!) : evaluate(parsed, lookupIn(recording, stop, facts));
    if ('value' in after) return shown(text, after.value);
    const absent = named.find((name) => facts[name]?.exists !== true);
    if (absent) throw new Error(l10n.t('{0} is not there yet.', absent));
  }
  const unknown = (before as { unknown: string }).unknown;
  throw new Error(`${l10n.t('Nothing here is called "{0}".', unknown)} ${knownNames(recording.kinds)}`);
}

function help({ kinds }: Recording): string {
  return [
    knownNames(kinds),
    l10n.t('An artifact by its name is looked into in the sandbox: X, X.columns, X.head (its first rows).'),
    l10n.t(
      '"Baton: Edit and Fork the Paused Action" changes what was asked, answered or found, and goes on as a branch.',
    ),
    l10n.t('"Baton: Show the Workspace of This Moment" lists the files as they were here.'),
  ].join('\n');
}

function wholeOf(facts: FactsByArtifact, name: string): Evaluated {
  const known = facts[name];
  return known ? { value: known as Value } : { unknown: name };
}

function merged(logged: FactsByArtifact, found: FactsByArtifact): FactsByArtifact {
  // What the look of now does not find out (of whose predictions it is, say) stays as the log has it.
  const both = Object.entries(found).map(([name, { exists, ...facts }]): [string, Facts] => {
    const told = Object.entries(facts).filter(([fact, value]) => value !== null || !logged[name]?.[fact]);
    return [name, { ...(exists ? logged[name] : {}), exists, ...Object.fromEntries(told) }];
  });
  return { ...logged, ...Object.fromEntries(both) };
}

function lookupIn({ timeline, task }: Recording, stop: Stop, facts: FactsByArtifact): Lookup {
  const own = lookupAt(timeline, stop, task);
  const known = lookupFacts(facts, task ?? NO_TASK);
  return (parts) => (Object.hasOwn(facts, parts[0]!) ? known(parts) : own(parts));
}

/** A value as a line, and what it opens to. */
function shown(name: string, value: Value): Shown {
  const line = { name, value: show(value) };
  if (value === null || typeof value !== 'object' || Object.keys(value).length === 0) return line;
  return { ...line, children: () => Object.entries(value).map(([key, each]) => shown(key, each)) };
}
