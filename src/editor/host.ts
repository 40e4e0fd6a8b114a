import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { settings } from './names.js';
import { liesIn } from './near.js';

/** What every part of the extension is handed: where things are, and where they are said. */
export interface Host {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  /** A file that ships with the extension. */
  shipped(path: string): string;
  /** Keep a disposable as long as the extension lives. */
  keep<T extends vscode.Disposable>(disposable: T): T;
}

export function hostOf(context: vscode.ExtensionContext): Host {
  const log = vscode.window.createOutputChannel('Baton', { log: true });
  context.subscriptions.push(log);
  return {
    context,
    log,
    shipped: (path) => join(context.extensionPath, path),
    keep: (disposable) => {
      context.subscriptions.push(disposable);
      return disposable;
    },
  };
}

/** Do what open documents need once activation is over, since the editor waits for that. */
export function afterActivation(host: Host, work: () => void): void {
  const waiting = setImmediate(work);
  host.keep({ dispose: () => clearImmediate(waiting) });
}

/** Read a setting by its full name. */
export function setting<T>(name: keyof typeof settings, fallback: T, scope?: vscode.Uri): T {
  const { section, key } = placeOf(name, scope);
  return section.get(key, fallback);
}

/** How many rollouts at a time, where the user says so: commands have their own numbers otherwise. */
export function chosenConcurrency(scope: vscode.Uri): number | undefined {
  const { section, key } = placeOf('concurrency', scope);
  const said = section.inspect<number>(key);
  return said?.workspaceFolderValue ?? said?.workspaceValue ?? said?.globalValue;
}

function placeOf(name: keyof typeof settings, scope?: vscode.Uri) {
  const full = settings[name];
  const dot = full.indexOf('.');
  const section = vscode.workspace.getConfiguration(full.slice(0, dot), scope ?? null);
  return { section, key: full.slice(dot + 1) };
}

/** Say a failure to the person, with a way to its details. Whoever tells goes on: the message may stay for long. */
export function tell(host: Host, message: string, error?: unknown): void {
  if (error !== undefined)
    host.log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const show = vscode.l10n.t('Show Log');
  void (async () => {
    if ((await vscode.window.showErrorMessage(message, show)) === show) host.log.show();
  })();
}

/**
 * Save a workflow that a command line is to read from disk, and what is open of its folder: prompts, tasks, helpers.
 * False where one could not be saved, or has no place on disk yet, which is said.
 */
export async function saved(workflow: vscode.TextDocument): Promise<boolean> {
  if (workflow.uri.scheme !== 'file') {
    await vscode.window.showInformationMessage(
      vscode.l10n.t('Save the workflow to a folder first: a run needs a place for its log.'),
    );
    return false;
  }
  const folder = dirname(workflow.uri.fsPath);
  const beside = vscode.workspace.textDocuments.filter(
    ({ uri }) => uri.scheme === 'file' && liesIn(folder, uri.fsPath),
  );
  for (const document of new Set([workflow, ...beside])) {
    if (!document.isDirty || (await document.save())) continue;
    void vscode.window.showErrorMessage(
      vscode.l10n.t(
        '{0} could not be saved, and what is on disk is older than what you see. Save it and try again.',
        basename(document.uri.fsPath),
      ),
    );
    return false;
  }
  return true;
}

/** Whether programs may be run here; says why not. Every handler that starts something asks. */
export async function mayRun(): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = vscode.l10n.t('Manage Workspace Trust');
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('This folder is not trusted, so nothing is run here. Recorded runs can be looked at.'),
    manage,
  );
  if (chosen === manage) await vscode.commands.executeCommand('workbench.trust.manage');
  return false;
}
