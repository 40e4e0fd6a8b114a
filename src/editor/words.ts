import * as l10n from '@vscode/l10n';

/** How many rollouts, in words. */
export function rolloutWords(count: number): string {
  return count === 1 ? l10n.t('1 rollout') : l10n.t('{0} rollouts', count);
}

/** How many rollouts failed of no agent's doing, and count in nothing. */
export function lostWords(count: number): string {
  return count === 1 ? l10n.t('1 came to no end') : l10n.t('{0} came to no end', count);
}

/** How many branches stand beside them, in words. */
export function forkWords(count: number): string {
  return count === 1 ? l10n.t('1 fork') : l10n.t('{0} forks', count);
}
