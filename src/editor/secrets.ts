import * as vscode from 'vscode';
import { originOf } from '../workflow/index.js';
import type { Host } from './host.js';

/** Keys by name and origin, in the editor's own secret storage. */
export type Keys = Record<string, Record<string, string>>;
const SLOT = 'baton.keys';

export async function readKeys(host: Host): Promise<Keys> {
  const kept = await host.context.secrets.get(SLOT);
  return kept ? (JSON.parse(kept) as Keys) : {};
}

/** Ask for a key and keep it for one address only. */
export async function setSecret(host: Host): Promise<void> {
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t('Name of the key'),
    prompt: vscode.l10n.t('A workflow refers to it as ${secret:NAME}.'),
    placeHolder: 'MODEL_KEY',
    validateInput: (text) =>
      /^[A-Za-z_]\w{0,62}$/.test(text) ? null : vscode.l10n.t('Letters, digits and _.'),
  });
  if (!name) return;
  const url = await vscode.window.showInputBox({
    title: vscode.l10n.t('The address it may be sent to'),
    prompt: vscode.l10n.t('It goes to this scheme, host and port, and nowhere else.'),
    placeHolder: 'https://api.example.com/v1',
    validateInput: (text) =>
      /^https?:\/\/[^/]+/.test(text) ? null : vscode.l10n.t('An address with http:// or https://.'),
  });
  if (!url) return;
  const key = await vscode.window.showInputBox({
    title: vscode.l10n.t('The key'),
    password: true,
    ignoreFocusOut: true,
  });
  if (!key) return;
  const keys = await readKeys(host);
  keys[name] = { ...keys[name], [originOf(url)]: key };
  await host.context.secrets.store(SLOT, JSON.stringify(keys));
  await vscode.window.showInformationMessage(vscode.l10n.t('{0} is kept for {1}.', name, originOf(url)));
}

export async function deleteSecret(host: Host): Promise<void> {
  const keys = await readKeys(host);
  if (Object.keys(keys).length === 0) {
    await vscode.window.showInformationMessage(vscode.l10n.t('No key is stored.'));
    return;
  }
  const picked = await vscode.window.showQuickPick(
    Object.entries(keys).map(([label, origins]) => ({ label, description: Object.keys(origins).join(', ') })),
    { title: vscode.l10n.t('Delete which key?') },
  );
  if (!picked) return;
  delete keys[picked.label];
  await host.context.secrets.store(SLOT, JSON.stringify(keys));
}
