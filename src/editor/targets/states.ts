import * as vscode from 'vscode';

/** How a job stands, as the command line prints it. */
export interface Standing {
  is: string;
  code?: number | undefined;
}

/** A job's state in a few words, and what it means and what to do where something is to be done. */
export function stateWords(name: string, { is, code }: Standing): { short: string; todo: string | null } {
  const goOn = vscode.l10n.t(
    "What it logged is kept. Go on in a terminal in its workflow's folder: {0}",
    `baton jobs resume ${name}`,
  );
  switch (is) {
    case 'running':
      return { short: vscode.l10n.t('running'), todo: null };
    case 'starting':
      return { short: vscode.l10n.t('starting'), todo: null };
    case 'sent':
      return {
        short: vscode.l10n.t('sent, but never started'),
        todo: vscode.l10n.t(
          "Send what is missing and start it, in a terminal in its workflow's folder: {0}. Or remove it: {1}",
          `baton jobs resume ${name}`,
          `baton jobs remove ${name}`,
        ),
      };
    case 'rebooted':
      return {
        short: vscode.l10n.t('ended by a restart of the machine'),
        todo: [vscode.l10n.t('It waits for its keys, which were never stored there.'), goOn].join(' '),
      };
    case 'lost':
      return {
        short: vscode.l10n.t('gone without an exit code'),
        todo: [vscode.l10n.t('Its process was killed, or ran out of memory.'), goOn].join(' '),
      };
    case 'exited':
      if (code === 0 || code === undefined) return { short: vscode.l10n.t('ended'), todo: null };
      return { short: vscode.l10n.t('ended with code {0}', code), todo: goOn };
    default:
      return { short: vscode.l10n.t('not known ({0})', is), todo: null };
  }
}
