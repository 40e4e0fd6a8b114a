import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { readBaseModel } from '../../engine/index.js';
import type { WorkflowFiles } from '../../workflow/index.js';
import { type Host, setting } from '../host.js';
import { type Analysis, analyse } from '../language/index.js';
import { PromotedBases } from '../models/promoted.js';
import { languageId, settings } from '../names.js';
import { folderOf } from '../near.js';
import { Asked } from './asked.js';
import { openFiles } from './open-files.js';

/** Gives the files beside a document that does not lie on disk; undefined where it is not its kind. */
export type VirtualFiles = (uri: vscode.Uri) => WorkflowFiles | undefined;

/** Where files come and go by the thousand, and no workflow names any. */
const passedOver = /\/(\.baton|\.git|node_modules)\//;

const OUT_OF_DATE = -1;

interface Known {
  version: number;
  analysis: Analysis;
  asked: Asked | undefined;
}

/** One analysis per version of a document and of what lies beside it. */
export class Analyses {
  private readonly known = new Map<string, Known>();
  private readonly bases = new PromotedBases();
  private roles: readonly string[] | undefined;
  private readonly stale = new vscode.EventEmitter<vscode.Uri>();
  /**
   * A file beside this workflow was written, made or deleted, or is being edited, or a setting was changed that counts
   * here: what was found may hold no more.
   */
  readonly onDidChangeBeside = this.stale.event;

  constructor(
    private readonly host: Host,
    private readonly virtual: VirtualFiles,
  ) {
    host.keep(
      vscode.workspace.onDidCloseTextDocument((document) => this.known.delete(document.uri.toString())),
    );
    host.keep(this.stale);
    const watcher = host.keep(vscode.workspace.createFileSystemWatcher('**'));
    for (const happens of [watcher.onDidCreate, watcher.onDidChange, watcher.onDidDelete])
      host.keep(happens((uri) => this.forget(uri)));
    host.keep(
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (!change.affectsConfiguration(settings.allowEnv)) return;
        for (const [key, known] of this.known) this.outdate(key, known);
      }),
    );
    // Places in a file are from now on those in the editor's text of it.
    host.keep(
      vscode.workspace.onDidOpenTextDocument(
        (document) => !isWorkflow(document) && this.forget(document.uri),
      ),
    );
    host.keep(
      vscode.workspace.onDidChangeTextDocument(
        ({ document, contentChanges }) =>
          contentChanges.length > 0 && !isWorkflow(document) && this.forget(document.uri),
      ),
    );
  }

  /** What was found in workflows that asked for this file is found anew. */
  private forget(file: vscode.Uri): void {
    if (file.scheme !== 'file' || passedOver.test(file.path)) return;
    for (const [key, known] of this.known) {
      if (known.asked?.has(file.fsPath) && vscode.Uri.parse(key).fsPath !== file.fsPath)
        this.outdate(key, known);
    }
  }

  private outdate(key: string, known: Known): void {
    known.version = OUT_OF_DATE;
    this.stale.fire(vscode.Uri.parse(key));
  }

  /** `tasks`: load every task as well, which finds more and takes longer. */
  of(document: vscode.TextDocument, tasks = false): Analysis {
    const key = document.uri.toString();
    const known = this.known.get(key);
    if (known && known.version === document.version && !tasks) return known.analysis;
    const { file, files } = this.place(document.uri);
    const folder = folderOf(document.uri);
    const asked = folder === undefined ? undefined : new Asked(folder);
    const found = analyse(
      document.getText(),
      file,
      asked?.noting(files) ?? files,
      { tasks, embeddedRoles: this.embeddedRoles(document.uri), allowEnv: setting<string[]>('allowEnv', []) },
      known?.analysis,
    );
    // What is asked for later on is asked anew each time.
    const analysis = { ...found, files };
    // Where tasks are not loaded now, what was found when they were is still shown.
    if (!tasks && known?.asked) asked?.add(known.asked);
    this.known.set(key, { version: document.version, analysis, asked });
    return analysis;
  }

  private place(uri: vscode.Uri): { file: string; files: WorkflowFiles } {
    const virtual = this.virtual(uri);
    if (virtual) return { file: uri.path, files: virtual };
    const folder = folderOf(uri);
    if (folder !== undefined) return { file: uri.fsPath, files: openFiles(folder) };
    const first = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? tmpdir();
    return { file: join(first, uri.path), files: openFiles(first) };
  }

  /** What the embedded model plays; undefined where promoted policies act over a base of their own. */
  private embeddedRoles(uri: vscode.Uri): readonly string[] | undefined {
    const folder = folderOf(uri);
    if (folder !== undefined && this.bases.of(folder) !== undefined) return undefined;
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
