import type { EventData, LogEvent } from '../../trace/index.js';
import type { Value } from '../../workflow/index.js';

/** Something that a regression test may ask for, as an expression over artifacts. */
export interface Expectation {
  expression: string;
  artifact: string;
  /** Suggested: what broke in a failed rollout, what held in a successful one. */
  suggested: boolean;
}

/**
 * What a rollout's log offers to expect of the next one: that each artifact keeps its contract, and the numbers that
 * its valid artifacts had. What broke comes first. Pure.
 */
export function expectationsOf(events: readonly LogEvent[], succeeded: boolean): Expectation[] {
  const last = new Map<string, EventData<'artifact.checked'>['facts'][string]>();
  for (const event of events)
    if (event.type === 'artifact.checked')
      for (const [artifact, facts] of Object.entries(event.data.facts)) last.set(artifact, facts);
  const contracts = [...last].map(([artifact, facts]) => ({
    expression: `${artifact}.valid`,
    artifact,
    suggested: succeeded ? facts.valid === true : facts.valid !== true,
  }));
  const facts = [...last].flatMap(([artifact, each]) =>
    each.valid === true
      ? Object.entries(each)
          .filter(([name, value]) => name !== 'bytes' && isNumber(value as Value))
          .map(([name, value]) => ({
            expression: `${artifact}.${name} == ${String(value)}`,
            artifact,
            suggested: false,
          }))
      : [],
  );
  return [...contracts.sort((a, b) => Number(b.suggested) - Number(a.suggested)), ...facts];
}

function isNumber(value: Value): boolean {
  return typeof value === 'number' && Number.isFinite(value);
}
