import * as l10n from '@vscode/l10n';

/** Why an artifact's path is refused, or undefined when it is safe on every system. */
export function unsafePath(path: string): string | undefined {
  if (path.length > 200) return l10n.t('it has {0} characters; 200 is the most', path.length);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(path)) return l10n.t('it holds a control character');
  if (/^([/\\]|[A-Za-z]:)/.test(path)) return l10n.t('it is absolute; artifacts lie in the workspace');
  if (path.includes('\\')) return l10n.t('write / between folders, not \\');
  if (/[<>:"|?*]/.test(path)) return l10n.t('it holds a character that not every system allows');
  for (const part of path.split('/')) {
    if (part === '' || part === '.') return l10n.t('it has an empty or "." part');
    if (part === '..') return l10n.t('it leaves the workspace');
    if (part.startsWith('-')) return l10n.t('a part starts with "-", which programs take for an option');
    if (/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(part))
      return l10n.t('"{0}" is a device name on Windows', part);
    if (/[. ]$/.test(part)) return l10n.t('a part ends with a dot or a blank');
    if (part.toLowerCase() === '.git') return l10n.t('".git" is never an artifact');
  }
  return undefined;
}
