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
  if (near) return ` Did you mean "${near}"?`;
  return list.length > 0 && list.length <= 12 ? ` Known here: ${list.join(', ')}.` : '';
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
