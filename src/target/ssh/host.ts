// What may name a host. ssh reads a host that begins with a dash as an option, and options run programs.
import * as l10n from '@vscode/l10n';
import * as z from 'zod';

/** An alias of the ssh configuration, a name, an address, or user@ one of these. */
export const hostName = z
  .string()
  .max(255)
  .regex(/^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9_[][A-Za-z0-9_.:%[\]-]*$/, {
    error: () =>
      l10n.t('a host is letters, digits, and . _ - : (user@host too), and does not begin with a dash'),
  });

/** A name of ours that goes into paths and commands there. */
export const jobName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, 'a job is named by letters, digits, _ and -');

/** One argument for a POSIX shell, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
