import * as vscode from 'vscode';
import { capIn } from '../../rollout/index.js';
import type { Run } from './run.js';

/** What stopped a run that a cap stopped, in the log's words; null where it was something else. */
export function stoppedBy(run: Run): string | null {
  if (run.state() !== 'budget') return null;
  const last = run.tail().findLast((event) => event.type === 'run.paused');
  return last?.type === 'run.paused' ? last.data.why : null;
}

/** Asks for a higher cap in place of the one that a sentence names: arguments for `resume`; null: it was put away. */
export async function askHigher(text: string): Promise<string[] | null> {
  const reached = capIn(text);
  if (!reached) return [];
  const { name, most } = reached;
  const given = await vscode.window.showInputBox({
    title: vscode.l10n.t('Go on with a higher limit'),
    prompt: vscode.l10n.t('limits.{0} is {1}, and that is spent. How much in all from now on?', name, most),
    value: String(most * 2),
    validateInput: (value) =>
      Number(value) > most ? null : vscode.l10n.t('A number above {0}: so much is spent already.', most),
  });
  return given === undefined ? null : [`--${name}`, String(Number(given))];
}
