import * as l10n from '@vscode/l10n';
import type { Instead } from '../expression/ast.js';

/** The known name closest to a mistyped one, or undefined when none is near. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = edits(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** " Did you mean "x"?" or a list of what there is. */
export function suggestion(name: string, known: Iterable<string>): string {
  const list = [...known];
  const near = nearest(name, list);
  if (near) return ` ${l10n.t('Did you mean "{0}"?', near)}`;
  return list.length > 0 && list.length <= 12 ? ` ${l10n.t('Known here: {0}.', list.join(', '))}` : '';
}

/** The dotted name with its last part as it was probably meant; undefined where nothing known is near. */
export function insteadOf(written: string, known: Iterable<string>): Instead | undefined {
  const dot = written.lastIndexOf('.') + 1;
  const near = nearest(written.slice(dot), known);
  return near === undefined ? undefined : { written, meant: written.slice(0, dot) + near };
}

/** Levenshtein distance, two rows. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
