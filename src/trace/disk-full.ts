const codes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Whether something failed because there is no room to write, itself or in what caused it. */
export function isDiskFull(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if (codes.has((at as NodeJS.ErrnoException).code ?? '')) return true;
  return false;
}
