import * as l10n from '@vscode/l10n';

/** How many rollouts, in words. */
export function rolloutWords(count: number): string {
  return count === 1 ? l10n.t('1 rollout') : l10n.t('{0} rollouts', count);
}
