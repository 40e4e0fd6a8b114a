import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { PolicyRegistry } from '../../engine/index.js';
import { type Host, mayRun, tell } from '../host.js';
import { tellLacking } from '../models/lacking.js';
import type { RunControl } from './control.js';
import type { Run } from './run.js';
import type { RunStore } from './store.js';

/** What a role acts with: its promoted version and where that came from; null: its base. */
export interface Acts {
  version: string | null;
  pinned: boolean;
  from: { run: string; checkpoint: string } | null;
  /** Whether it acted with something else before. */
  before: boolean;
}

/** Which weights the roles of a folder act with. Throws where the folder's records are not Baton's. */
export function actingIn(folder: string): Map<string, Acts> {
  const registry = new PolicyRegistry(join(folder, '.baton', 'policies'));
  return new Map(
    Object.entries(registry.current()).map(([role, { version, pinned, history }]) => [
      role,
      {
        version,
        pinned,
        from: version === null ? null : registry.read(role, version).from,
        before: history.length > 0,
      },
    ]),
  );
}

/** Promote, roll back and evaluate trained weights: the command line does the work, after a confirmation. */
export class Weights {
  constructor(
    private readonly host: Host,
    private readonly store: RunStore,
    private readonly control: RunControl,
  ) {}

  /** Let roles act with a checkpoint's weights. Gives what was done in a sentence; null where it was not. */
  async promote(run: Run, checkpoint: string, roles: readonly string[]): Promise<string | null> {
    const names = roles.join(', ');
    const home = run.folder.home;
    const asked = await this.confirm(
      vscode.l10n.t('Let {0} act with {1} of {2}?', names, checkpoint, run.folder.name),
      vscode.l10n.t('Every run of {0} acts with these weights from then on. Roll back takes it back.', home),
      vscode.l10n.t('Promote'),
    );
    if (!asked) return null;
    const done: string[] = [];
    for (const role of roles) {
      const args = ['promote', role, run.folder.path, '--checkpoint', checkpoint];
      if (!(await this.carry(args, home, vscode.l10n.t('{0} was not promoted', role)))) break;
      done.push(role);
    }
    if (done.length === 0) return null;
    tellLacking(this.host, 'chatModels');
    return vscode.l10n.t('{0} of {1} acts now for {2}.', checkpoint, run.folder.name, done.join(', '));
  }

  /** Let a role act with what it had before. */
  async rollback(folder: string, role: string): Promise<void> {
    const now = actingIn(folder).get(role);
    const asked = await this.confirm(
      vscode.l10n.t('Roll {0} back?', role),
      now?.version
        ? vscode.l10n.t('It acts with {0}@{1} now, and then with what it had before.', role, now.version)
        : vscode.l10n.t('It acts with its base now.'),
      vscode.l10n.t('Roll Back'),
    );
    if (asked) await this.carry(['rollback', role], folder, vscode.l10n.t('{0} was not rolled back', role));
  }

  /** Measure a checkpoint on held-out tasks, as a run of its own. */
  async evaluate(run: Run, checkpoint: string): Promise<void> {
    const file = run.workflowFile;
    const asked = await this.confirm(
      vscode.l10n.t('Evaluate {0} of {1}?', checkpoint, run.folder.name),
      vscode.l10n.t('It is measured on the held-out tasks of {0}, as a run of its own.', basename(file)),
      vscode.l10n.t('Evaluate'),
    );
    if (!asked) return;
    const from = `${run.folder.path}:${checkpoint}`;
    await this.control.start(file, ['eval', file, '--from', from, '--json', ...this.control.flags(file)]);
  }

  private async confirm(question: string, detail: string, yes: string): Promise<boolean> {
    if (!(await mayRun())) return false;
    return (await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) === yes;
  }

  private async carry(args: string[], folder: string, failed: string): Promise<boolean> {
    try {
      await this.control.once(args, folder);
      return true;
    } catch (error) {
      tell(this.host, `${failed}: ${(error as Error).message}`, error);
      return false;
    } finally {
      this.store.refresh();
    }
  }
}
