/** The last line of a program that a Python traceback names; null where it has none. From 1. */
export function failingLine(stderr: string): { line: number; error: string } | null {
  const places = [...stderr.matchAll(/File "([^"]+)", line (\d+)/g)];
  const own = places.filter(([, file]) => !/site-packages|\/lib\/python|<frozen/.test(file!));
  const last = own.at(-1) ?? places.at(-1);
  if (!last) return null;
  const error = stderr.trimEnd().split('\n').at(-1) ?? '';
  return { line: Number(last[2]), error };
}
