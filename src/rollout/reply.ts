/**
 * The fenced python blocks of a reply, in order, and the text beside them. As far as a fence is indented its lines are
 * too, and lose that (CommonMark 4.5); how far it may be depends on the lists that it stands in, so that any does here.
 * A fence that is never closed holds a cut program: it is left out.
 */
export function pythonBlocks(text: string): { programs: string[]; beside: string } {
  const programs: string[] = [];
  const beside: string[] = [];
  let open: { lines: string[]; python: boolean; fence: string; indent: number } | null = null;
  for (const line of text.split('\n')) {
    const mark = /^([ \t]*)(`{3,}|~{3,})\s*(\w*)/.exec(line);
    if (open === null) {
      if (mark)
        open = {
          lines: [],
          python: /^(python3?|py)$/i.test(mark[3]!),
          fence: mark[2]!,
          indent: mark[1]!.length,
        };
      if (open?.python !== true) beside.push(line);
    } else if (mark && closes(mark, open)) {
      if (open.python) programs.push(`${open.lines.join('\n')}\n`);
      open = null;
    } else if (open.python) open.lines.push(line.slice(Math.min(open.indent, blanksOf(line))));
    else beside.push(line);
  }
  return { programs, beside: beside.join('\n') };
}

function blanksOf(line: string): number {
  return /^[ \t]*/.exec(line)![0].length;
}

/** Fences deeper than three blanks below where the block began are lines of the program. */
function closes([, indent, fence, word]: RegExpExecArray, open: { fence: string; indent: number }): boolean {
  return fence!.startsWith(open.fence) && word === '' && indent!.length <= open.indent + 3;
}

/** Whether an agent says that it is done: a line "DONE". */
export function saysDone(reply: string): boolean {
  return /^DONE\.?$/m.test(reply);
}

/**
 * Whether the message that an agent owes is still to come after a reply that ran a program: it first sees what that
 * printed. Where it owes files as well, words beside the program are the message.
 */
export function messageToCome(owed: readonly { path: string | null }[], reply: string): boolean {
  if (saysDone(reply) || !owed.some(({ path }) => path === null)) return false;
  const { programs, beside } = pythonBlocks(reply);
  return programs.length > 0 && (beside.trim() === '' || owed.every(({ path }) => path === null));
}
