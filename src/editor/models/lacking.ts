import * as vscode from 'vscode';
import type { Host } from '../host.js';
import { registerOf } from './provider.js';

/** What an editor may lack, and what a person then goes without. */
const lacks = {
  chatModels: {
    there: () => registerOf(vscode.lm) !== undefined,
    says: () =>
      vscode.l10n.t(
        'This editor takes no chat models from extensions (VS Code has taken them since 1.104), so promoted policies cannot be asked in its chat. Runs act with them all the same.',
      ),
  },
  tools: {
    there: () => typeof vscode.lm?.registerTool === 'function',
    says: () =>
      vscode.l10n.t(
        'This editor has no language model tools (VS Code has had them since 1.95), so its agent cannot check, run or explain workflows.',
      ),
  },
};
export type Lacking = keyof typeof lacks;

/** Whether the editor has it. */
export function has(what: Lacking): boolean {
  return lacks[what].there();
}

/** Say what this editor lacks where a person would look for it; once, since it does not change by being said again. */
export function tellLacking(host: Host, what: Lacking): void {
  const key = `baton.lacks.${what}`;
  if (has(what) || host.context.globalState.get(key) === vscode.version) return;
  void host.context.globalState.update(key, vscode.version);
  host.log.warn(lacks[what].says());
  void vscode.window.showInformationMessage(lacks[what].says());
}
