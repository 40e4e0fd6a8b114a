import * as vscode from 'vscode';
import type { Started } from './launch.js';

/** Show the progress of a command with a button that stops it. Gives its exit code, and whether it was to stop. */
export async function stoppable(
  title: string,
  started: Started,
  stop: () => Promise<void> | void,
): Promise<{ code: number | null; stopped: boolean }> {
  let stopped = false;
  const code = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (_, token) => {
      token.onCancellationRequested(() => {
        stopped = true;
        void stop();
      });
      return started.ended;
    },
  );
  return { code, stopped };
}

/** As Ctrl-C does in a terminal. */
export function interrupt({ pid }: Started): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // It has ended by itself.
  }
}

/** What shall end: the training on its machine, or only the watching of it; null: neither. */
export async function askStop(what: string, target: string): Promise<'training' | 'watching' | null> {
  const training = vscode.l10n.t('Cancel the Training');
  const watching = vscode.l10n.t('Stop Watching');
  const detail = vscode.l10n.t(
    'A cancelled training keeps what it has done and can be gone on with. One that is only not watched goes on there; the Runs view attaches to it again.',
  );
  const said = await vscode.window.showWarningMessage(
    vscode.l10n.t('Stop {0} on {1}?', what, target),
    { modal: true, detail },
    training,
    watching,
  );
  return said === training ? 'training' : said === watching ? 'watching' : null;
}

/** What came of it, in a sentence; null where nothing was to stop. `sent`: the job is known there. */
export function stopWords(
  ends: 'training' | 'watching' | null,
  sent: boolean,
  what: string,
  target: string,
): string | null {
  if (ends === null) return null;
  if (!sent) return vscode.l10n.t('{0} was stopped before it began on {1}.', what, target);
  return ends === 'training'
    ? vscode.l10n.t('{0} on {1} was cancelled; what it has done is here.', what, target)
    : vscode.l10n.t('{0} goes on on {1}; attach to it in the Runs view.', what, target);
}
