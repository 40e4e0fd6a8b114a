import * as l10n from '@vscode/l10n';

/** Replace the characters from `start` to `end` (offsets) of a file; `file` is null for the workflow file itself. */
export interface TextEdit {
  file: string | null;
  start: number;
  end: number;
  text: string;
}

/** The text after the edits of one file; they must not overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let out = text;
  let last = Number.POSITIVE_INFINITY;
  for (const edit of [...edits].sort((a, b) => b.start - a.start)) {
    if (edit.end > last) throw new Error(l10n.t('Two edits of one text overlap.'));
    last = edit.start;
    out = out.slice(0, edit.start) + edit.text + out.slice(edit.end);
  }
  return out;
}

/** The one edit that makes `after` of `before`: what lies between their common start and common end. */
export function oneEdit(before: string, after: string): TextEdit | null {
  if (before === after) return null;
  let start = 0;
  const most = Math.min(before.length, after.length);
  while (start < most && before[start] === after[start]) start += 1;
  let tail = 0;
  while (tail < most - start && before[before.length - 1 - tail] === after[after.length - 1 - tail])
    tail += 1;
  return {
    file: null,
    start,
    end: before.length - tail,
    text: after.slice(start, after.length - tail),
  };
}
