import * as l10n from '@vscode/l10n';

/** What became of an action, a rollout or a run, as its log says it. A word that is not known stays as it is. */
export function statusWords(status: string): string {
  switch (status) {
    case 'done':
      return l10n.t('done');
    case 'failed':
      return l10n.t('failed');
    case 'blocked':
      return l10n.t('blocked');
    case 'truncated':
      return l10n.t('truncated');
    case 'filtered':
      return l10n.t('filtered');
    case 'cancelled':
      return l10n.t('cancelled');
    default:
      return status;
  }
}

/** How a program ended, as its log says it. */
export function endWords(outcome: string): string {
  switch (outcome) {
    case 'ok':
      return l10n.t('ok');
    case 'failed':
      return l10n.t('failed');
    case 'timeout':
      return l10n.t('timeout');
    case 'oom':
      return l10n.t('oom');
    case 'output limit':
      return l10n.t('output limit');
    case 'disk limit':
      return l10n.t('disk limit');
    case 'killed':
      return l10n.t('killed');
    default:
      return outcome;
  }
}

/** How a program ended, with its exit code and how long it took. */
export function exitWords(tool: { outcome: string; exitCode: number | null; seconds: number }): string {
  const seconds = tool.seconds.toFixed(2);
  return tool.exitCode === null
    ? l10n.t('{0}, exit none, {1} s', endWords(tool.outcome), seconds)
    : l10n.t('{0}, exit {1}, {2} s', endWords(tool.outcome), tool.exitCode, seconds);
}

/** Sentences that a run says of itself, over the control channel and in its log; it is a process that speaks English. */
const sentences: [RegExp, (...parts: string[]) => string][] = [
  [/^breakpoint on (.*)$/, (role) => l10n.t('breakpoint on {0}', role!)],
  [/^score (\S+) is below (\S+)$/, (score, limit) => l10n.t('score {0} is below {1}', score!, limit!)],
  [/^contract broken: (.*)$/s, (breaches) => l10n.t('contract broken: {0}', breaches!)],
  [/^tool failed: (.*)$/, (outcome) => l10n.t('tool failed: {0}', endWords(outcome!))],
  [/^(\d+) % of the budget is spent$/, (share) => l10n.t('{0} % of the budget is spent', share!)],
  [/^waiting for the editor$/, () => l10n.t('waiting for the editor')],
  [
    /^It waits for models of an editor: it goes on when its folder is open in VS Code\.$/,
    () => l10n.t('It waits for models of an editor: it goes on when its folder is open in VS Code.'),
  ],
  [/^the budget is spent: (.*)$/, (cap) => l10n.t('the budget is spent: {0}', cap!)],
  [/^no action has a score$/, () => l10n.t('no action has a score')],
  [
    /^all scores are the same \(deviation (.*)\)$/,
    (deviation) => l10n.t('all scores are the same (deviation {0})', deviation!),
  ],
];

/** Such a sentence in the language of the editor; any other as it is. */
export function retold(sentence: string): string {
  for (const [pattern, say] of sentences) {
    const found = pattern.exec(sentence);
    if (found) return say(...found.slice(1));
  }
  return sentence;
}
