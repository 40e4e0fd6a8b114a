import { open } from 'node:fs/promises';
import * as vscode from 'vscode';
import { afterActivation, type Host } from '../host.js';
import { contextKeys } from '../names.js';
import { looksLikeWorkflow } from '../near.js';

/** YAML files, as a glob. */
const yamlGlob = '**/*.{yaml,yml}';
const MOST = 500;
/** Bytes in which a workflow has said that it is one. */
const HEAD = 8192;

/**
 * Tells the editor's menus which YAML files of the open folders look like workflows and are not called so, for the
 * click that treats them as such: by the beginnings of files, read once and where they change.
 */
export class PlainWorkflows {
  private readonly paths = new Set<string>();

  constructor(private readonly host: Host) {
    const watcher = host.keep(vscode.workspace.createFileSystemWatcher(yamlGlob));
    for (const happens of [watcher.onDidCreate, watcher.onDidChange])
      host.keep(happens((uri) => void this.look([uri])));
    host.keep(watcher.onDidDelete((uri) => this.paths.delete(uri.fsPath) && this.show()));
    host.keep(
      vscode.workspace.onDidOpenTextDocument((document) => {
        if (document.languageId === 'yaml') void this.look([document.uri]);
      }),
    );
    afterActivation(host, () => void this.lookAround());
  }

  private async lookAround(): Promise<void> {
    try {
      const open = vscode.workspace.textDocuments.filter(({ languageId }) => languageId === 'yaml');
      const found = await vscode.workspace.findFiles(yamlGlob, '**/{node_modules,.baton}/**', MOST);
      await this.look([...open.map(({ uri }) => uri), ...found]);
    } catch (error) {
      this.host.log.warn(`YAML files are not looked through: ${(error as Error).message}`);
    }
  }

  private async look(uris: readonly vscode.Uri[]): Promise<void> {
    let changed = false;
    for (const { scheme, path, fsPath } of uris) {
      if (scheme !== 'file' || path.includes('/.baton/') || /\.baton\.ya?ml$/.test(path)) continue;
      const looks = looksLikeWorkflow(await headOf(fsPath));
      changed ||= looks !== this.paths.has(fsPath);
      if (looks) this.paths.add(fsPath);
      else this.paths.delete(fsPath);
    }
    if (changed) this.show();
  }

  private show(): void {
    void vscode.commands.executeCommand('setContext', contextKeys.plainWorkflows, [...this.paths]);
  }
}

/** The beginning of a file; nothing where it cannot be read. */
async function headOf(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
}
