import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import * as vscode from 'vscode';
import type { Host } from './host.js';
import { cliPath } from './runs/launch.js';

/** Terminals of the editor find `baton`: a small script that runs the command line on the editor's own runtime. */
export function provideShellCommand(host: Host, node: string): void {
  const folder = writeScript(host, node);
  host.context.environmentVariableCollection.description = vscode.l10n.t(
    'Makes the command baton available.',
  );
  host.context.environmentVariableCollection.prepend('PATH', folder + delimiter);
}

/** Put `baton` where other terminals find it. */
export async function installCommand(host: Host, node: string): Promise<void> {
  const script = join(writeScript(host, node), process.platform === 'win32' ? 'baton.cmd' : 'baton');
  if (process.platform === 'win32') {
    await vscode.window.showInformationMessage(
      vscode.l10n.t('Add this folder to your PATH: {0}', join(script, '..')),
    );
    return;
  }
  const folder = join(homedir(), '.local', 'bin');
  const link = join(folder, 'baton');
  mkdirSync(folder, { recursive: true });
  if (!mayReplace(link))
    throw new Error(vscode.l10n.t('{0} is there already and is not ours; move it away first.', link));
  if (lstatSync(link, { throwIfNoEntry: false })) unlinkSync(link);
  symlinkSync(script, link);
  const onPath = (process.env.PATH ?? '').split(delimiter).includes(folder);
  await vscode.window.showInformationMessage(
    onPath
      ? vscode.l10n.t('baton is at {0}.', link)
      : vscode.l10n.t('baton is at {0}. Add {1} to your PATH to find it.', link, folder),
  );
}

/** Nothing, a link to nothing, or a link of an editor's own: each keeps its script in the storage of this extension. */
function mayReplace(link: string): boolean {
  if (!lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) return !existsSync(link);
  return (
    !existsSync(link) || /[\\/]globalStorage[\\/][^\\/]*baton[\\/]bin[\\/]baton$/.test(readlinkSync(link))
  );
}

/**
 * Install the GPU binding of TensorFlow where it can be watched and stopped. A task: its terminal stays when it has
 * ended, so that what failed can be read.
 */
export async function installGpu(host: Host, node: string): Promise<void> {
  const program = new vscode.ProcessExecution(
    node,
    [cliPath(host.context.extensionPath), 'doctor', '--install-gpu'],
    { env: { ELECTRON_RUN_AS_NODE: '1' } },
  );
  const name = vscode.l10n.t('GPU binding');
  const task = new vscode.Task({ type: 'process' }, vscode.TaskScope.Workspace, name, 'Baton', program, []);
  task.presentationOptions = { panel: vscode.TaskPanelKind.Dedicated, clear: true };
  await vscode.tasks.executeTask(task);
}

function writeScript(host: Host, node: string): string {
  const folder = join(host.context.globalStorageUri.fsPath, 'bin');
  const cli = cliPath(host.context.extensionPath);
  mkdirSync(folder, { recursive: true });
  if (process.platform === 'win32')
    writeFileSync(join(folder, 'baton.cmd'), `@set ELECTRON_RUN_AS_NODE=1\r\n@"${node}" "${cli}" %*\r\n`);
  else {
    const script = join(folder, 'baton');
    const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
    writeFileSync(script, `#!/bin/sh\nELECTRON_RUN_AS_NODE=1 exec ${quote(node)} ${quote(cli)} "$@"\n`);
    chmodSync(script, 0o755);
  }
  return folder;
}
