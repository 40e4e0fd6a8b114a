import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { readBaseModel } from '../../engine/index.js';
import { diskFiles, type WorkflowFiles } from '../../workflow/index.js';
import { type Host, setting } from '../host.js';
import { type Analysis, analyse } from '../language/index.js';
import { languageId } from '../names.js';

/** Gives the files beside a document that does not lie on disk; undefined where it is not its kind. */
export type VirtualFiles = (uri: vscode.Uri) => WorkflowFiles | undefined;

/** One analysis per version of a document. */
export class Analyses {
  private readonly known = new Map<string, { version: number; analysis: Analysis }>();
  private roles: readonly string[] | undefined;

  constructor(
    private readonly host: Host,
    private readonly virtual: VirtualFiles,
  ) {
    host.keep(
      vscode.workspace.onDidCloseTextDocument((document) => this.known.delete(document.uri.toString())),
    );
  }

  /** `tasks`: load every task as well, which finds more and takes longer. */
  of(document: vscode.TextDocument, tasks = false): Analysis {
    const key = document.uri.toString();
    const known = this.known.get(key);
    if (known && known.version === document.version && !tasks) return known.analysis;
    const { file, files } = this.place(document.uri);
    const analysis = analyse(
      document.getText(),
      file,
      files,
      { tasks, embeddedRoles: this.embeddedRoles(), allowEnv: setting<string[]>('allowEnv', []) },
      known?.analysis,
    );
    this.known.set(key, { version: document.version, analysis });
    return analysis;
  }

  private place(uri: vscode.Uri): { file: string; files: WorkflowFiles } {
    const virtual = this.virtual(uri);
    if (virtual) return { file: uri.path, files: virtual };
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? tmpdir();
    if (uri.scheme !== 'file') return { file: `${folder}/${uri.path}`, files: diskFiles(folder) };
    return { file: uri.fsPath, files: diskFiles(dirname(uri.fsPath)) };
  }

  private embeddedRoles(): readonly string[] {
    this.roles ??= readBaseModel(this.host.shipped('media/base')).roles;
    return this.roles;
  }
}

export function isWorkflow(document: vscode.TextDocument): boolean {
  return document.languageId === languageId;
}

export function rangeOf(document: vscode.TextDocument, start: number, end: number): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}
