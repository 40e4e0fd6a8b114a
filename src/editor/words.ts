import * as vscode from 'vscode';

/** How many rollouts, in words. */
export function rolloutWords(count: number): string {
  return count === 1 ? vscode.l10n.t('1 rollout') : vscode.l10n.t('{0} rollouts', count);
}
