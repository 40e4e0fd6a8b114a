import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { culprit } from '../../coach/index.js';
import { cameToEnd, isFork, pauses, type RolloutRow } from '../../trace/index.js';
import type { Host } from '../host.js';
import { commands, contextKeys, rows } from '../names.js';
import { whereIs } from '../near.js';
import { type TargetRow, targetItem } from '../targets/rows.js';
import type { Targets } from '../targets/targets.js';
import { forkWords, lostWords, rolloutWords } from '../words.js';
import { RunDocuments } from './documents.js';
import { blamedRole, filterOf, isFiltering, noFilter, passes, type RolloutFilter } from './filter.js';
import { Going, type GoingRow, goingItem } from './going.js';
import { entriesIn, filesAt } from './moments.js';
import { Run } from './run.js';
import type { Listed, RunStore } from './store.js';
import { retold } from './told.js';

/** A row of the Runs tree. */
export type RunRow =
  | TargetRow
  | GoingRow
  | { is: 'run'; run: Run }
  | { is: 'unreadable'; name: string; why: string }
  | { is: 'rollout'; run: Run; row: RolloutRow }
  | { is: 'action'; run: Run; row: RolloutRow; at: number }
  | { is: 'file'; run: Run; rollout: string; action: string; path: string; directory: boolean }
  | { is: 'more'; run: Run; shown: number }
  | { is: 'nothing'; says: string };

const PAGE = 100;

/** Runs, their rollouts page by page, their actions, and the workspace at each action as a read-only folder. */
export class RunsTree {
  private readonly changed = new vscode.EventEmitter<RunRow[] | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  /** The list as it was last asked for, and how far each run was then. */
  private drawn = '';
  private readonly stamps = new Map<string, string>();
  private readonly shown = new Map<string, number>();
  /** Rows stay the same objects while the tree is drawn anew: a click on one must not miss it. */
  private readonly kept = new Map<string, RunRow>();
  private filter: RolloutFilter = noFilter;
  private readonly going: Going;

  constructor(
    host: Host,
    private readonly store: RunStore,
    private readonly view: vscode.TreeView<RunRow>,
    private readonly targets: Targets,
  ) {
    host.keep(this.changed);
    this.going = host.keep(
      new Going(
        () => view.visible,
        (run) => this.redrawRuns([run]),
      ),
    );
    host.keep(store.onDidChange(() => void this.redraw()));
    host.keep(targets.onDidChange(() => this.changed.fire(undefined)));
  }

  /**
   * Draw what has changed: runs that went on, each by itself, and the whole list only where it is another. The editor
   * forgets what it is just opening when the whole tree is drawn anew: a run would stand open with nothing under it.
   */
  private async redraw(): Promise<void> {
    const list = await this.store.list();
    if (namesOf(list) !== this.drawn) return this.changed.fire(undefined);
    const moved = list.filter((each) => each instanceof Run && each.stamp() !== this.stamps.get(each.key));
    this.redrawRuns(moved as Run[]);
  }

  private redrawRuns(runs: readonly Run[]): void {
    for (const run of runs) this.stamps.set(run.key, run.stamp());
    if (runs.length > 0) this.changed.fire(runs.map((run) => this.keep({ is: 'run', run })));
  }

  async getChildren(row?: RunRow): Promise<RunRow[]> {
    return (await this.children(row)).map((each) => this.keep(each));
  }

  private keep(row: RunRow): RunRow {
    const id = idOf(row);
    const before = id === null ? undefined : this.kept.get(id);
    // The same object, with what is known of it now.
    if (before) return Object.assign(before, row);
    if (id !== null) this.kept.set(id, row);
    return row;
  }

  private async children(row?: RunRow): Promise<RunRow[]> {
    if (!row) {
      const list = await this.store.list();
      this.drawn = namesOf(list);
      for (const each of list) if (each instanceof Run) this.stamps.set(each.key, each.stamp());
      if (!this.targets.any()) return list.map(top);
      const none: RunRow = { is: 'nothing', says: vscode.l10n.t('No runs yet') };
      return [{ is: 'targets' }, ...(list.length > 0 ? list.map(top) : [none])];
    }
    if (row.is === 'targets' || row.is === 'target') return this.targets.children(row);
    if (row.is === 'run') return this.rollouts(row.run);
    if (row.is === 'rollout')
      return row.row.scores.map((_, at) => ({ is: 'action', run: row.run, row: row.row, at }));
    if (row.is === 'action') return files(row.run, row.row.rollout, row.row.scores[row.at]!.action, '');
    if (row.is === 'file' && row.directory) return files(row.run, row.rollout, row.action, row.path);
    return [];
  }

  getTreeItem(row: RunRow): vscode.TreeItem {
    switch (row.is) {
      case 'run':
        return runItem(row.run);
      case 'going':
        return goingItem(row);
      case 'rollout':
        return rolloutItem(row.run, row.row);
      case 'action':
        return actionItem(row.run, row.row, row.at);
      case 'file':
        return fileItem(row);
      case 'more': {
        const left = row.run.pages.count() - row.shown;
        const item = new vscode.TreeItem(vscode.l10n.t('Show more ({0} left)', left));
        item.iconPath = new vscode.ThemeIcon('ellipsis');
        item.command = { command: commands.moreRollouts, title: '', arguments: [row] };
        return item;
      }
      case 'unreadable': {
        const item = new vscode.TreeItem(row.name);
        item.iconPath = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
        item.description = row.why;
        item.tooltip = row.why;
        return item;
      }
      case 'nothing': {
        const item = new vscode.TreeItem(row.says);
        item.tooltip = row.says;
        return item;
      }
      default:
        return targetItem(row);
    }
  }

  more(row: RunRow): void {
    if (row.is !== 'more') return;
    this.shown.set(row.run.key, row.shown + PAGE * 5);
    this.redrawRuns([row.run]);
  }

  /** Ask what to show: outcome, then stratum, role and blamed role of the newest runs. */
  async askFilter(): Promise<void> {
    const runs = await this.store.runs();
    const known = runs.slice(0, 5).flatMap((run) => run.pages.page(0, 500));
    type Pick = vscode.QuickPickItem & { filter?: Partial<RolloutFilter> };
    const each = (
      values: (string | null)[],
      label: (value: string) => string,
      filter: (value: string) => Partial<RolloutFilter>,
    ): Pick[] =>
      [...new Set(values)]
        .filter((value) => value !== null)
        .sort()
        .map((value) => ({ label: label(value), filter: filter(value) }));
    const separator = (label: string): Pick => ({ label, kind: vscode.QuickPickItemKind.Separator });
    const picked = await vscode.window.showQuickPick<Pick>(
      [
        separator(vscode.l10n.t('Outcome')),
        { label: vscode.l10n.t('Failed'), filter: { outcome: ['failed'] } },
        { label: vscode.l10n.t('Succeeded'), filter: { outcome: ['succeeded'] } },
        ...(known.every(cameToEnd)
          ? []
          : [{ label: vscode.l10n.t('Came to no end'), filter: { outcome: ['lost'] as const } }]),
        separator(vscode.l10n.t('Blamed role')),
        ...each(
          known.map(blamedRole),
          (role) => vscode.l10n.t('Broken by {0}', role),
          (blamed) => ({ blamed: [blamed] }),
        ),
        separator(vscode.l10n.t('Stratum')),
        ...each(
          known.map((row) => row.stratum),
          (stratum) => vscode.l10n.t('Stratum {0}', stratum),
          (stratum) => ({ stratum: [stratum] }),
        ),
        separator(vscode.l10n.t('Role')),
        ...each(
          known.flatMap((row) => row.scores.map((score) => score.agent)),
          (role) => vscode.l10n.t('Acted by {0}', role),
          (role) => ({ role: [role] }),
        ),
      ],
      { canPickMany: true, title: vscode.l10n.t('Show only rollouts that are'), matchOnDescription: true },
    );
    if (picked)
      this.setFilter(
        filterOf(picked.flatMap(({ filter }) => filter ?? [])),
        picked.map(({ label }) => label).join(', '),
      );
  }

  setFilter(filter: RolloutFilter, says = ''): void {
    this.filter = filter;
    this.view.message = isFiltering(filter) ? vscode.l10n.t('Only: {0}', says) : '';
    void vscode.commands.executeCommand('setContext', contextKeys.filtered, isFiltering(filter));
    void this.store.runs().then((runs) => this.redrawRuns(runs));
  }

  clearFilter(): void {
    this.setFilter(noFilter);
  }

  getParent(row: RunRow): RunRow | undefined {
    if (row.is === 'target') return this.keep({ is: 'targets' });
    if (row.is === 'rollout' || row.is === 'going') return this.keep({ is: 'run', run: row.run });
    return row.is === 'action' ? this.keep({ is: 'rollout', run: row.run, row: row.row }) : undefined;
  }

  /** Draw what a target said anew, and open it. */
  async showTarget(name: string): Promise<void> {
    const rows = await this.targets.children({ is: 'targets' });
    const row = rows.find((each) => each.is === 'target' && each.name === name);
    if (!row) return;
    const kept = this.keep(row);
    this.changed.fire([kept]);
    await this.view.reveal(kept, { expand: true, select: true, focus: false });
  }

  async reveal(run: Run): Promise<void> {
    await this.view.reveal(this.keep({ is: 'run', run }), { expand: true, select: true, focus: false });
  }

  private rollouts(run: Run): RunRow[] {
    const going = this.going.rows(run);
    const found: RunRow[] = isFiltering(this.filter) ? [] : going;
    const wanted = found.length + (this.shown.get(run.key) ?? PAGE);
    const total = run.pages.count();
    let at = 0;
    for (; at < total && found.length < wanted; at += PAGE)
      for (const row of run.pages.page(at, PAGE))
        if (passes(row, this.filter)) found.push({ is: 'rollout', run, row });
    if (at < total) found.push({ is: 'more', run, shown: Math.min(at, total) });
    if (found.length > 0) return found;
    const waits = ['running', 'paused'].includes(run.state());
    const says =
      total > 0
        ? vscode.l10n.t('No rollout passes the filter')
        : waits
          ? vscode.l10n.t('No rollout has ended yet')
          : vscode.l10n.t('No rollout ended');
    return [{ is: 'nothing', says }];
  }
}

/** What makes a row the same row; null where it is made anew each time. */
function idOf(row: RunRow): string | null {
  if (row.is === 'run') return row.run.key;
  if (row.is === 'targets') return 'targets';
  if (row.is === 'target') return `targets/${row.name}`;
  if (row.is === 'rollout') return `${row.run.key}/${row.row.rollout}`;
  if (row.is === 'going') return `${row.run.key}/${row.its.rollout}/going`;
  if (row.is === 'action') return `${row.run.key}/${row.row.rollout}/${row.row.scores[row.at]?.action}`;
  return row.is === 'file'
    ? RunDocuments.fileUri(row.run, row.rollout, row.action, row.path).toString()
    : null;
}

/** What the list itself shows: which runs, in which order. */
function namesOf(list: readonly Listed[]): string {
  return list
    .map((each) => (each instanceof Run ? each.key : `${each.folder.path} ${each.unreadable}`))
    .join('\n');
}

function top(each: Listed): RunRow {
  return each instanceof Run
    ? { is: 'run', run: each }
    : { is: 'unreadable', name: each.all ? each.folder.path : each.folder.name, why: each.unreadable };
}

const icons: Record<ReturnType<Run['state']>, [string, string | null]> = {
  running: ['sync~spin', null],
  paused: ['debug-pause', null],
  done: ['pass', 'testing.iconPassed'],
  cancelled: ['circle-slash', null],
  budget: ['credit-card', null],
  failed: ['error', 'testing.iconFailed'],
  stopped: ['debug-disconnect', null],
};

/** What the log says of a pause that somebody asked for. */
function runItem(run: Run): vscode.TreeItem {
  const state = run.state();
  const live = state === 'running' || state === 'paused';
  const name = run.sample
    ? vscode.l10n.t('Sample run')
    : (run.info.file
        .split(/[/\\]/)
        .at(-1)
        ?.replace(/\.baton\.ya?ml$/, '') ?? run.folder.name);
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Collapsed);
  const count = run.pages.count();
  const step = run.info.kind === 'train' ? stepOf(run) : null;
  const { success, lost, forks } = run;
  const own = count - forks;
  const ended = rolloutWords(own - lost);
  const rollouts = [
    live && run.planned > 0
      ? vscode.l10n.t('{0} of {1}', own, run.planned)
      : success === null
        ? ended
        : vscode.l10n.t('{0}, {1} % succeeded', ended, Math.round(success * 100)),
    ...(lost > 0 ? [lostWords(lost)] : []),
    ...(forks > 0 ? [forkWords(forks)] : []),
  ].join(', ');
  const waits = run.pausedFor;
  const progress = waits === null || waits === pauses.byHand ? (step ?? rollouts) : retold(waits);
  const when = new Date(run.info.created);
  item.id = run.key;
  const { alone } = run;
  const kind = run.info.kind === 'run' ? null : run.info.kind;
  item.description = [
    alone ? vscode.l10n.t('{0} alone', alone.role) : kind,
    progress,
    run.sample ? null : whereIs(join(run.folder.home, basename(run.info.file))),
    live ? null : shortTime(when),
  ]
    .filter(Boolean)
    .join(' · ');
  const [icon, color] = icons[state];
  // Green is for what is good: a run that has come to its end with failed rollouts is only that.
  const plain = color === null || (state === 'done' && (lost > 0 || (success !== null && success < 1)));
  item.iconPath = new vscode.ThemeIcon(icon, plain ? undefined : new vscode.ThemeColor(color));
  item.contextValue = run.sample
    ? rows.sample
    : run.info.kind === 'train'
      ? live
        ? rows.liveTrainingRun
        : rows.trainingRun
      : live
        ? rows.liveRun
        : rows.run;
  item.tooltip = [
    run.folder.name,
    `${stateName(state)}, ${progress}`,
    when.toLocaleString(),
    vscode.l10n.t('sandbox {0}', run.info.sandbox.level),
    ...(alone ? aloneWords(alone) : []),
  ].join('\n');
  item.accessibilityInformation = { label: `${name}, ${stateName(state)}, ${progress}` };
  return item;
}

/** What a run of one role is compared with. */
function aloneWords({ role, like, before }: NonNullable<Run['alone']>): string[] {
  return [
    vscode.l10n.t('only {0} acted anew; the others said again what they wrote in {1}', role, like),
    vscode.l10n.t(
      'there {0} % of {1} succeeded, and {2} broke {3}',
      Math.round((before.success ?? 0) * 100),
      rolloutWords(before.rollouts - before.lost),
      role,
      before.broke,
    ),
  ];
}

/** How far a training job is; null before its first step. */
function stepOf(run: Run): string | null {
  const last = run.steps().at(-1);
  const wanted = run.info.options.steps;
  if (!last) return null;
  return typeof wanted === 'number'
    ? vscode.l10n.t('step {0} of {1}', last.data.step + 1, wanted)
    : vscode.l10n.t('step {0}', last.data.step + 1);
}

function shortTime(when: Date): string {
  const today = when.toDateString() === new Date().toDateString();
  return today
    ? when.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    : when.toLocaleDateString();
}

function stateName(state: ReturnType<Run['state']>): string {
  const names = {
    running: vscode.l10n.t('running'),
    paused: vscode.l10n.t('paused'),
    done: vscode.l10n.t('done'),
    cancelled: vscode.l10n.t('cancelled'),
    budget: vscode.l10n.t('stopped by its budget'),
    failed: vscode.l10n.t('failed'),
    stopped: vscode.l10n.t('stopped before its end'),
  };
  return names[state];
}

function rolloutItem(run: Run, row: RolloutRow): vscode.TreeItem {
  const branch = isFork(row) ? ` (${row.branch})` : '';
  const item = new vscode.TreeItem(`${row.task}${branch}`, vscode.TreeItemCollapsibleState.Collapsed);
  const good = row.outcome?.success === true;
  const broken = culprit(row);
  const lost = cameToEnd(row) ? null : run.lostReason(row.rollout);
  item.id = `${run.key}/${row.rollout}`;
  item.description = good
    ? row.stratum
    : broken
      ? `${broken.agent} · ${broken.code ?? ''}`
      : (lost ?? row.outcome?.why ?? row.status);
  const [icon, color, word] =
    lost !== null
      ? ['warning', 'list.warningForeground', vscode.l10n.t('came to no end')]
      : good
        ? ['pass', 'testing.iconPassed', vscode.l10n.t('succeeded')]
        : ['error', 'testing.iconFailed', vscode.l10n.t('failed')];
  item.iconPath = new vscode.ThemeIcon(icon!, new vscode.ThemeColor(color!));
  item.contextValue = rows.rollout;
  const says = broken?.diagnosis ?? lost;
  item.tooltip = says === null ? row.rollout : `${row.rollout}\n${says}`;
  item.accessibilityInformation = {
    label: `${row.task}, ${word} ${item.description}`,
  };
  return item;
}

/** Bands of a score: the same words, colours and marks wherever a score is shown. */
export function band(score: number | null): { icon: string; color: string } {
  if (score === null) return { icon: 'circle-outline', color: 'disabledForeground' };
  if (score < 4) return { icon: 'circle-filled', color: 'testing.iconFailed' };
  return { icon: 'circle-filled', color: score < 7 ? 'testing.iconQueued' : 'testing.iconPassed' };
}

function actionItem(run: Run, row: RolloutRow, at: number): vscode.TreeItem {
  const { action, agent, score, code, diagnosis } = row.scores[at]!;
  const turn = Number(action.split('.').at(-1)) + 1;
  const item = new vscode.TreeItem(
    turn > 1 ? vscode.l10n.t('{0}, turn {1}', agent, turn) : agent,
    vscode.TreeItemCollapsibleState.Collapsed,
  );
  item.id = `${run.key}/${row.rollout}/${action}`;
  const words = score === null ? vscode.l10n.t('no score') : String(score);
  item.description = [
    run.isOverruled(row.rollout, action) ? vscode.l10n.t('{0} (overruled)', words) : words,
    code,
  ]
    .filter((part) => part !== null)
    .join(' · ');
  const { icon, color } = band(score);
  item.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
  item.contextValue = rows.action;
  item.tooltip = `${action}\n${diagnosis}`;
  return item;
}

function files(run: Run, rollout: string, action: string, folder: string): RunRow[] {
  const found = entriesIn(filesAt(run, rollout, action), folder);
  if (found.length === 0) return [{ is: 'nothing', says: vscode.l10n.t('The workspace is empty here') }];
  return found.map(({ name, directory }) => ({
    is: 'file',
    run,
    rollout,
    action,
    path: folder ? `${folder}/${name}` : name,
    directory,
  }));
}

function fileItem(row: RunRow & { is: 'file' }): vscode.TreeItem {
  const uri = RunDocuments.fileUri(row.run, row.rollout, row.action, row.path);
  const item = new vscode.TreeItem(
    uri,
    row.directory ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None,
  );
  item.iconPath = row.directory ? vscode.ThemeIcon.Folder : vscode.ThemeIcon.File;
  item.contextValue = row.directory ? rows.folder : rows.file;
  if (!row.directory) item.command = { command: 'vscode.open', title: '', arguments: [uri] };
  return item;
}
