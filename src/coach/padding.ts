/** Characters of one text that a coach is shown: the beginning and the end of it where it is longer. */
const SHOWN = 12_000;
/** Characters of a text that are looked at; and pieces that a repeated block has at most. */
const LOOKED_AT = 60_000;
const LONGEST_BLOCK = 200;

/**
 * A text as a coach is shown it. What is said again at once is shown once, with how often it came, and of a long
 * text the beginning and the end remain: neither repeating an answer nor burying it makes it look like more work.
 */
export function withoutPadding(text: string): string {
  const folded = fold(pieces(headAndTail(text, LOOKED_AT)));
  return headAndTail(folded, SHOWN);
}

function headAndTail(text: string, most: number): string {
  if (text.length <= most) return text;
  const half = Math.floor(most / 2);
  return `${text.slice(0, half)}\n[${text.length - 2 * half} characters are left out here]\n${text.slice(-half)}`;
}

/** Lines, and sentences within a line, each with what separates it from the next. */
function pieces(text: string): string[] {
  return text.split(/(?<=\n)|(?<=[.!?] )/);
}

function fold(pieces: readonly string[]): string {
  const same = pieces.map((piece) => piece.trim());
  const out: string[] = [];
  for (let at = 0; at < pieces.length; ) {
    const block = blockAt(same, at);
    const times = block === 0 ? 1 : repeats(same, at, block);
    const next = at + Math.max(block, 1);
    out.push(...pieces.slice(at, next));
    if (times > 1) out.push(`\n[the same again, ${times === 2 ? 'once' : `${times - 1} times`}]\n`);
    at += Math.max(block, 1) * times;
  }
  return out.join('');
}

/** The shortest block from here on that is said again right after it; 0 where there is none, or it begins blank. */
function blockAt(same: readonly string[], at: number): number {
  if (same[at] === '') return 0;
  const most = Math.min(LONGEST_BLOCK, Math.floor((same.length - at) / 2));
  for (let block = 1; block <= most; block++) {
    if (equal(same, at, at + block, block)) return block;
  }
  return 0;
}

function repeats(same: readonly string[], at: number, block: number): number {
  let times = 1;
  while (equal(same, at, at + times * block, block)) times += 1;
  return times;
}

function equal(same: readonly string[], one: number, other: number, length: number): boolean {
  if (other + length > same.length) return false;
  for (let offset = 0; offset < length; offset++)
    if (same[one + offset] !== same[other + offset]) return false;
  return true;
}
