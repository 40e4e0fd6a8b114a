import { basename } from 'node:path';
import * as vscode from 'vscode';
import { type ServedPolicy, servedOf } from '../../engine/index.js';
import { LogTail } from '../../trace/index.js';
import { bestCheckpoint, type SavedCheckpoint, savedCheckpoints } from '../../training/index.js';
import type { Host } from '../host.js';
import { rows } from '../names.js';
import { evaluated, type Measured, measuredIn, measuredWords } from './measured.js';
import type { Run } from './run.js';
import type { RunStore } from './store.js';
import { type Acts, actingIn } from './weights.js';

interface RoleRow {
  is: 'role';
  role: string;
  /** The folder whose runs act with it. */
  home: string;
  versions: VersionRow[];
  acts: Acts | undefined;
}
export interface VersionRow {
  is: 'version';
  role: string;
  run: Run;
  checkpoint: string;
  step: number;
  policy: string;
  rank: number;
  best: boolean;
  acts: boolean;
  measured: Measured | undefined;
  /** Where a process of this machine serves it now. */
  served: string[];
}
export type PolicyRow = RoleRow | VersionRow;

/** What the log of a training or an evaluation says of checkpoints, as far as it was read. */
interface Told {
  tail: LogTail;
  saved: SavedCheckpoint[];
  measured: Map<string, Measured>;
}

/** Each role's trained versions, from the checkpoints that the logs of training jobs tell of, and which one acts. */
export class PoliciesTree {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly known = new WeakMap<Run, Told>();
  /** What the rows said when they were last asked for. */
  private drawn = '';

  constructor(
    private readonly host: Host,
    private readonly store: RunStore,
  ) {
    host.keep(this.changed);
    host.keep(store.onDidChange(() => void this.redraw()));
    // The folder, too: of what is in a new one at once, the editor may tell nothing.
    const served = host.keep(vscode.workspace.createFileSystemWatcher('**/.baton/{serving,serving/*.json}'));
    for (const comesOrGoes of [served.onDidCreate, served.onDidChange, served.onDidDelete])
      comesOrGoes(() => void this.redraw());
  }

  /** Draw only what has changed: while a tree is drawn anew, the editor hands a row's action no row. */
  private async redraw(): Promise<void> {
    if (this.said(await this.roles()) !== this.drawn) this.changed.fire(undefined);
  }

  private said(roles: readonly RoleRow[]): string {
    return JSON.stringify(roles.map((role) => [role, ...role.versions].map((row) => this.getTreeItem(row))));
  }

  async getChildren(row?: PolicyRow): Promise<PolicyRow[]> {
    if (row) return row.is === 'role' ? row.versions : [];
    const roles = await this.roles();
    this.drawn = this.said(roles);
    return roles;
  }

  private async roles(): Promise<RoleRow[]> {
    const roles = new Map<string, RoleRow>();
    const served = new Map<string, ServedPolicy[]>();
    const runs = await this.store.runs();
    const evaluations = evaluated(runs, (run) => this.told(run).measured);
    for (const run of runs) {
      if (run.info.kind !== 'train') continue;
      const home = run.folder.home;
      const acting = this.acting(home);
      if (!served.has(home)) served.set(home, servedOf(home));
      const { saved, measured } = this.told(run);
      const best = bestCheckpoint(saved);
      for (const each of saved.toReversed())
        for (const [role, policy] of Object.entries(each.policies)) {
          if (policy.endsWith('@v0')) continue;
          const key = `${home} ${role}`;
          const acts = acting.get(role);
          const own: RoleRow = roles.get(key) ?? { is: 'role', role, home, versions: [], acts };
          own.versions.push({
            is: 'version',
            role,
            run,
            checkpoint: each.name,
            step: each.step,
            policy,
            rank: each.rank,
            best: each === best,
            measured: evaluations.get(`${run.folder.name}:${each.name}`) ?? measured.get(each.name),
            acts: acts?.from?.run === run.folder.name && acts.from.checkpoint === each.name,
            served: served
              .get(home)!
              .filter(
                (its) =>
                  its.role === role && its.from?.run === run.folder.name && its.from.checkpoint === each.name,
              )
              .map(({ base_url }) => base_url),
          });
          roles.set(key, own);
        }
    }
    // Who acts with trained weights does so also where the training is not there any more.
    for (const home of await this.store.homes())
      for (const [role, acts] of this.acting(home)) {
        const key = `${home} ${role}`;
        if (acts.version && !roles.has(key)) roles.set(key, { is: 'role', role, home, versions: [], acts });
      }
    return [...roles.values()];
  }

  getTreeItem(row: PolicyRow): vscode.TreeItem {
    return row.is === 'role' ? roleItem(row, this.several) : versionItem(row);
  }

  private get several(): boolean {
    return (vscode.workspace.workspaceFolders?.length ?? 0) > 1;
  }

  /** Checkpoints of a run; only what was added since the last look is read. */
  private told(run: Run): Told {
    const known: Told = this.known.get(run) ?? {
      tail: new LogTail(run.folder.log),
      saved: [],
      measured: new Map(),
    };
    this.known.set(run, known);
    for (let found = known.tail.read(); found; found = known.tail.read()) {
      const events = found.map(({ event }) => event);
      known.saved.push(...savedCheckpoints(events));
      for (const [name, its] of measuredIn(run.folder.name, events)) known.measured.set(name, its);
    }
    return known;
  }

  private acting(home: string): Map<string, Acts> {
    try {
      return actingIn(home);
    } catch (error) {
      this.host.log.warn(`What the roles of ${home} act with cannot be read: ${(error as Error).message}`);
      return new Map();
    }
  }
}

function roleItem({ role, home, acts, versions }: RoleRow, several: boolean): vscode.TreeItem {
  const { Expanded, None } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(role, versions.length > 0 ? Expanded : None);
  const now = acts?.version
    ? vscode.l10n.t('acts with {0}', acts.from?.checkpoint ?? acts.version)
    : vscode.l10n.t('acts with its base');
  item.id = `${home} ${role}`;
  item.iconPath = new vscode.ThemeIcon(acts?.pinned ? 'pinned' : 'person');
  item.description = several ? `${now} · ${basename(home)}` : now;
  item.tooltip = [home, now, vscode.l10n.t('trained versions: {0}', versions.length)].join('\n');
  item.contextValue = acts?.before ? rows.promotedRole : rows.role;
  return item;
}

function versionItem(row: VersionRow): vscode.TreeItem {
  const { role, run, checkpoint, step, policy, rank, best, acts, served } = row;
  const measured = row.measured && measuredWords(row.measured);
  const item = new vscode.TreeItem(policy);
  item.id = `${run.key} ${role} ${checkpoint}`;
  item.iconPath = acts
    ? new vscode.ThemeIcon('pass-filled', new vscode.ThemeColor('testing.iconPassed'))
    : new vscode.ThemeIcon(best ? 'star-full' : 'package');
  // In a narrow view the last words are cut off.
  const words = [
    checkpoint,
    served.length > 0 ? vscode.l10n.t('served') : null,
    measured?.short ?? null,
    vscode.l10n.t('select {0}', rank.toFixed(3)),
    acts ? vscode.l10n.t('acting') : best ? vscode.l10n.t('best') : null,
  ].filter((word) => word !== null);
  item.description = words.join(' · ');
  item.tooltip = [
    vscode.l10n.t('step {0} of {1}', step, run.folder.name),
    ...words.slice(1).map((word) => (word === measured?.short ? measured.long : word)),
    ...served.map((address) => vscode.l10n.t('served at {0}', address)),
  ].join('\n');
  item.contextValue = rows.version;
  item.accessibilityInformation = { label: `${policy}, ${words.join(', ')}` };
  return item;
}
