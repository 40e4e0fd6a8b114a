import type { Path } from '../source/source.js';
import type { Change } from './change.js';

/** Changes that put a new role at the end of a written flow; none where the order is derived. */
export function intoFlow(workflow: unknown, role: string): Change[] {
  return Array.isArray(of(workflow, 'flow')) ? [{ do: 'add', path: ['flow'], value: role }] : [];
}

/**
 * Changes that take a role out of a written flow, with the groups that nobody is left in, and from those whom the coach
 * judges with the answers at hand. A flow of nobody is left out, so that the order is derived again.
 */
export function withoutRole(workflow: unknown, role: string): Change[] {
  const flow = of(workflow, 'flow');
  const steps = Array.isArray(flow) && isEmptyWithout(flow, role) ? null : outOf(flow, ['flow'], role);
  const judged = ['coach', 'sees_ground_truth'];
  return [...(steps ?? [{ do: 'remove', path: ['flow'] }]), ...outOf(of(workflow, ...judged), judged, role)];
}

/** From the last step to the first: the changes are made one after the other, and a removal moves what follows it. */
function outOf(steps: unknown, path: Path, role: string): Change[] {
  if (!Array.isArray(steps)) return [];
  return steps
    .flatMap((step: unknown, at): Change[][] => {
      const here = [...path, at];
      if (isGone(step, role)) return [[{ do: 'remove', path: here }]];
      return groups(step).map(([inner, way]) => outOf(inner, [...here, ...way], role));
    })
    .reverse()
    .flat();
}

function isGone(step: unknown, role: string): boolean {
  return step === role || groups(step).some(([inner]) => isEmptyWithout(inner, role));
}

function isEmptyWithout(steps: readonly unknown[], role: string): boolean {
  return steps.length > 0 && steps.every((step) => isGone(step, role));
}

/** The steps inside of a step, and where they stand in it. */
function groups(step: unknown): [steps: unknown[], way: string[]][] {
  return [['parallel'], ['sequence'], ['repeat', 'do']].flatMap((way): [unknown[], string[]][] => {
    const inner = of(step, ...way);
    return Array.isArray(inner) ? [[inner, way]] : [];
  });
}

/** The value below keys; undefined where it is not there. */
function of(value: unknown, ...keys: string[]): unknown {
  return keys.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string, unknown>)[key]
        : undefined,
    value,
  );
}
