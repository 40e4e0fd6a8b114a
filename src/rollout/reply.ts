/** The fenced python blocks of a reply, in order. A fence that is never closed holds a cut program: it is left out. */
export function pythonBlocks(text: string): { programs: string[]; unclosed: boolean } {
  const programs: string[] = [];
  let open: { lines: string[]; python: boolean; fence: string } | null = null;
  for (const line of text.split('\n')) {
    const mark = /^\s{0,3}(`{3,}|~{3,})\s*(\w*)/.exec(line);
    if (open === null) {
      if (mark) open = { lines: [], python: /^(python3?|py)$/i.test(mark[2]!), fence: mark[1]! };
    } else if (mark && mark[1]!.startsWith(open.fence) && mark[2] === '') {
      if (open.python) programs.push(`${open.lines.join('\n')}\n`);
      open = null;
    } else open.lines.push(line);
  }
  return { programs, unclosed: open?.python === true };
}
