/** The line of an agent's own program that a Python traceback names last; null where it names none. From 1. */
export function failingLine(stderr: string): { line: number; error: string } | null {
  // The launcher gives every program this name; what it calls, the helper's modules too, has paths.
  const own = [...stderr.matchAll(/File "program\.py", line (\d+)/g)].at(-1);
  return own ? { line: Number(own[1]), error: stderr.trimEnd().split('\n').at(-1) ?? '' } : null;
}
