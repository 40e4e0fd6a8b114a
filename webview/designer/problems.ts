import * as l10n from '@vscode/l10n';

/** How many problems there are, as it is read. */
export function counted(problems: number): string {
  return problems === 1 ? l10n.t('1 problem') : l10n.t('{0} problems', problems);
}
