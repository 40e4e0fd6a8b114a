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

/**
 * Change the keys that are stored now. Other windows store keys too, so what was read before a question was asked is
 * not written back.
 */
async function changeKeys(host: Host, change: (keys: Keys) => void): Promise<void> {
  const keys = await readKeys(host);
  change(keys);
  await host.context.secrets.store(SLOT, JSON.stringify(keys));
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
      /^https?:\/\/[^/]+/.test(text) && URL.canParse(text)
        ? null
        : vscode.l10n.t('An address with http:// or https://.'),
  });
  if (!url) return;
  const key = await vscode.window.showInputBox({
    title: vscode.l10n.t('The key'),
    password: true,
    ignoreFocusOut: true,
  });
  if (!key) return;
  await changeKeys(host, (keys) => {
    keys[name] = { ...keys[name], [originOf(url)]: key };
  });
  await vscode.window.showInformationMessage(vscode.l10n.t('{0} is kept for {1}.', name, originOf(url)));
}

/** Ask which key to delete: that of one name, for the addresses that were shown with it. */
export async function deleteSecret(host: Host): Promise<void> {
  const keys = await readKeys(host);
  if (Object.keys(keys).length === 0) {
    await vscode.window.showInformationMessage(vscode.l10n.t('No key is stored.'));
    return;
  }
  const picked = await vscode.window.showQuickPick(
    Object.entries(keys).map(([label, own]) => {
      const origins = Object.keys(own);
      return { label, description: origins.join(', '), origins };
    }),
    { title: vscode.l10n.t('Delete which key?') },
  );
  if (!picked) return;
  await changeKeys(host, (now) => {
    const left = Object.entries(now[picked.label] ?? {}).filter(
      ([origin]) => !picked.origins.includes(origin),
    );
    if (left.length === 0) delete now[picked.label];
    else now[picked.label] = Object.fromEntries(left);
  });
}
