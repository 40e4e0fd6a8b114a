import * as vscode from 'vscode';
import type { Host } from '../host.js';
import { runScheme } from '../names.js';
import type { RunDocuments } from '../runs/documents.js';
import { once } from './once.js';

/** The read-only documents of runs; what reads them is loaded when the first is opened. */
export function offerDocuments(host: Host, load: () => Promise<RunDocuments>): void {
  const changed = host.keep(new vscode.EventEmitter<vscode.FileChangeEvent[]>());
  const documents = once(async () => {
    const made = await load();
    host.keep(made.onDidChangeFile((which) => changed.fire(which)));
    return made;
  });
  const refuse = () => {
    throw vscode.FileSystemError.NoPermissions();
  };
  const provider: vscode.FileSystemProvider = {
    onDidChangeFile: changed.event,
    watch: () => new vscode.Disposable(() => undefined),
    stat: async (uri) => (await documents()).stat(uri),
    readDirectory: async (uri) => (await documents()).readDirectory(uri),
    readFile: async (uri) => (await documents()).readFile(uri),
    createDirectory: refuse,
    writeFile: refuse,
    delete: refuse,
    rename: refuse,
  };
  const options = { isReadonly: true, isCaseSensitive: true };
  host.keep(vscode.workspace.registerFileSystemProvider(runScheme, provider, options));
}
