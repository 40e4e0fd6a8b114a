// As YAML extensions do it: the YAML language server, for documents of the language `yaml`.
import type { ExtensionContext } from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node.js';

export async function activate(context: ExtensionContext): Promise<void> {
  const module = context.asAbsolutePath('server.cjs');
  const client = new LanguageClient(
    'yaml',
    'YAML Support',
    { module, transport: TransportKind.ipc },
    { documentSelector: [{ language: 'yaml' }] },
  );
  context.subscriptions.push(client);
  await client.start();
}
