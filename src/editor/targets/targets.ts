import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { readTargets, type Target, TargetProblem, targetsFile } from '../../target/index.js';
import { type Host, mayRun } from '../host.js';
import { targetsLanguageId, views } from '../names.js';
import type { RunControl } from '../runs/control.js';
import { cliPath } from '../runs/launch.js';
import type { TargetRow } from './rows.js';

const finding = z.object({
  what: z.string(),
  works: z.boolean(),
  needed: z.boolean(),
  why: z.string(),
  todo: z.array(z.string()),
});
const has = z.object({ findings: z.array(finding) });
const runs = z.object({
  jobs: z.array(
    z.object({
      name: z.string(),
      state: z.object({ is: z.string(), code: z.number().optional() }),
      step: z.object({ at: z.number(), of: z.number() }).nullable(),
    }),
  ),
});

type Said =
  | Exclude<TargetRow, { is: 'targets' | 'target' }>
  | { is: 'nothing'; says: string }
  | { is: 'unreadable'; name: string; why: string };

type JobRow = TargetRow & { is: 'job' };

/** The user's machines: what they have, what runs there, and a shell on each. */
export class Targets {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  /** What each said when it was last asked, and how it was declared then. */
  private readonly said = new Map<string, { declared: string; rows: Promise<Said[]> }>();
  private watched = false;

  constructor(
    private readonly host: Host,
    private readonly control: RunControl,
  ) {
    host.keep(this.changed);
    // What was said until then is that nothing is asked in a folder that is not trusted.
    host.keep(vscode.workspace.onDidGrantWorkspaceTrust(() => this.forget()));
    this.watch();
  }

  /** Begin to watch the file where its folder is there: the editor watches nothing in a folder that is made later. */
  private watch(): void {
    const file = targetsFile();
    if (this.watched || !existsSync(dirname(file))) return;
    this.watched = true;
    const pattern = new vscode.RelativePattern(vscode.Uri.file(dirname(file)), basename(file));
    const watcher = this.host.keep(vscode.workspace.createFileSystemWatcher(pattern));
    for (const event of [watcher.onDidCreate, watcher.onDidChange, watcher.onDidDelete])
      this.host.keep(event(() => this.redraw()));
  }

  /** Show them anew; those that are declared as before are not asked again. */
  redraw(): void {
    this.watch();
    this.changed.fire();
  }

  /** Ask all of them again when they are next looked at. */
  forget(): void {
    this.said.clear();
    this.redraw();
  }

  /** Whether the user has any, or a file of them that cannot be read. */
  any(): boolean {
    const all = this.all();
    return typeof all === 'string' || Object.keys(all).length > 0;
  }

  async children(row: TargetRow): Promise<(TargetRow | Said)[]> {
    if (row.is === 'target') return this.ask(row.name);
    if (row.is !== 'targets') return [];
    const all = this.all();
    if (typeof all === 'string') return all.split('\n').map(unreadable);
    return Object.entries(all).map(([name, target]) => ({ is: 'target', name, target }));
  }

  /** What a machine has and lacks, and the jobs there. Asks it once, until it is asked again. */
  ask(name: string, again = false): Promise<Said[]> {
    const all = this.all();
    const declared = typeof all === 'string' ? all : JSON.stringify(all[name]);
    const known = this.said.get(name);
    if (!again && known?.declared === declared) return known.rows;
    const rows = this.look(name);
    this.said.set(name, { declared, rows });
    return rows;
  }

  private async look(name: string): Promise<Said[]> {
    if (!vscode.workspace.isTrusted)
      return [{ is: 'nothing', says: vscode.l10n.t('This folder is not trusted, so no machine is asked.') }];
    return vscode.window.withProgress({ location: { viewId: views.runs } }, async () => {
      try {
        const { findings } = has.parse(await this.control.ask(['target', 'preflight', name], homedir()));
        const rows = findings.map((each): Said => ({ is: 'finding', target: name, finding: each }));
        return [...(await this.jobs(name)), ...rows];
      } catch (error) {
        return [this.failed(error)];
      }
    });
  }

  /** The jobs of a machine that can be reached, whatever else it lacks: to see and to cancel them takes a shell. */
  private async jobs(target: string): Promise<Said[]> {
    try {
      const { jobs } = runs.parse(await this.control.ask(['jobs', 'list', target], homedir()));
      return jobs.map(({ name, state, step }) => ({
        is: 'job',
        target,
        name,
        state,
        step: step && vscode.l10n.t('step {0} of {1}', step.at, step.of),
      }));
    } catch (error) {
      return [this.failed(error)];
    }
  }

  private failed(error: unknown): Said {
    this.host.log.error((error as Error).stack ?? String(error));
    return unreadable((error as Error).message);
  }

  /** Open targets.yaml, at one of them where it is named. */
  async edit(name?: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(targetsFile());
    if (document.languageId !== targetsLanguageId)
      await vscode.languages.setTextDocumentLanguage(document, targetsLanguageId);
    const at =
      name === undefined ? -1 : document.getText().search(new RegExp(`^ *["']?${name}["']? *:`, 'm'));
    const place = document.positionAt(Math.max(0, at));
    await vscode.window.showTextDocument(document, { selection: new vscode.Range(place, place) });
  }

  /** A terminal on the machine, through the ssh and the settings that training uses. */
  async shell(name: string): Promise<void> {
    if (!(await mayRun())) return;
    const terminal = vscode.window.createTerminal({
      name,
      shellPath: this.control.node(),
      shellArgs: [cliPath(this.host.context.extensionPath), 'target', 'shell', name],
      env: { ELECTRON_RUN_AS_NODE: '1' },
      iconPath: new vscode.ThemeIcon('remote'),
    });
    terminal.show();
  }

  /** Follow a job that was sent from a folder that is open, and bring its run here. */
  attach(job: JobRow): Promise<void> {
    return this.fromItsFolder('attach', job);
  }

  /** Start a job again where it stopped, and follow it as one does that attaches. */
  resume(job: JobRow): Promise<void> {
    return this.fromItsFolder('resume', job);
  }

  private async fromItsFolder(what: 'attach' | 'resume', { target, name }: JobRow): Promise<void> {
    if (!(await mayRun())) return;
    const [note] = await vscode.workspace.findFiles(`**/.baton/jobs/${name}.json`, null, 1);
    if (!note)
      throw new Error(
        vscode.l10n.t('{0} was sent from a folder that is not open here. Open that folder first.', name),
      );
    const folder = dirname(dirname(dirname(note.fsPath)));
    await this.control.there(name, folder, target, ['jobs', what, name]);
    this.forget();
  }

  async cancel({ target, name }: JobRow): Promise<void> {
    if (!(await mayRun())) return;
    await this.control.ask(['jobs', 'cancel', name, '--target', target], homedir());
    this.forget();
  }

  async remove({ target, name }: JobRow): Promise<void> {
    if (!(await mayRun())) return;
    const remove = vscode.l10n.t('Remove');
    const detail = vscode.l10n.t(
      'Its log and its weights there are deleted for good. What was brought here by attaching stays.',
    );
    const question = vscode.l10n.t('Remove {0} from {1}?', name, target);
    const said = await vscode.window.showWarningMessage(question, { modal: true, detail }, remove);
    if (said !== remove) return;
    await this.control.once(['jobs', 'remove', name, '--target', target], homedir());
    this.forget();
  }

  private all(): Record<string, Target> | string {
    try {
      return readTargets(targetsFile());
    } catch (error) {
      if (error instanceof TargetProblem) return error.message;
      throw error;
    }
  }
}

/** A problem as a row: its first sentence, and what else is known of it. */
function unreadable(message: string): Said {
  const [, name = message, why = ''] = /^(.*?[.:])\s+(.*)$/s.exec(message) ?? [];
  return { is: 'unreadable', name, why };
}
