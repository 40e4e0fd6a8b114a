import * as vscode from 'vscode';
import type { Finding, Target } from '../../target/index.js';
import { rows } from '../names.js';
import { type Standing, stateWords } from './states.js';

/** Rows of the Runs tree for machines that training can run on. */
export type TargetRow =
  | { is: 'targets' }
  | { is: 'target'; name: string; target: Target }
  | { is: 'finding'; target: string; finding: Finding }
  | { is: 'job'; target: string; name: string; state: Standing; step: string | null };

export function targetItem(row: TargetRow): vscode.TreeItem {
  if (row.is === 'targets') {
    const item = new vscode.TreeItem(vscode.l10n.t('Targets'), vscode.TreeItemCollapsibleState.Collapsed);
    item.id = 'targets';
    item.iconPath = new vscode.ThemeIcon('server');
    item.contextValue = rows.targets;
    item.tooltip = vscode.l10n.t('Machines of yours that training can run on.');
    return item;
  }
  if (row.is === 'target') {
    const { name, target } = row;
    const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Collapsed);
    item.id = `target/${name}`;
    item.description = target.kind === 'ssh' ? `ssh ${target.host}` : `ray ${target.address}`;
    item.iconPath = new vscode.ThemeIcon(target.kind === 'ssh' ? 'remote' : 'server-process');
    item.contextValue = hasShell(target) ? rows.shellTarget : rows.target;
    return item;
  }
  if (row.is === 'job') {
    const { short, todo } = stateWords(row.name, row.state);
    const item = new vscode.TreeItem(vscode.l10n.t('Job, {0}', short));
    item.id = `target/${row.target}/job/${row.name}`;
    const which = [row.step, row.name].filter((word) => word !== null).join(' · ');
    item.description = [which, todo].filter((word) => word !== null).join(' · ');
    item.tooltip = [`${short} · ${which}`, todo].filter((word) => word !== null).join('\n');
    const runs = row.state.is === 'running' || row.state.is === 'starting';
    item.iconPath = new vscode.ThemeIcon(runs ? 'sync~spin' : 'archive');
    const ended = row.state.is === 'exited' && row.state.code === 0;
    item.contextValue = runs ? rows.liveJob : ended ? rows.endedJob : rows.job;
    return item;
  }
  const { what, works, needed, why, todo } = row.finding;
  const item = new vscode.TreeItem(what);
  item.id = `target/${row.target}/has/${what}`;
  item.description = [why, ...todo].join(' · ');
  item.tooltip = [`${what}: ${why}`, ...todo].join('\n');
  const [icon, color, says] = works
    ? ['pass', 'testing.iconPassed', vscode.l10n.t('works')]
    : needed
      ? ['error', 'testing.iconFailed', vscode.l10n.t('is missing')]
      : ['info', 'testing.iconQueued', vscode.l10n.t('is not there, and not needed')];
  item.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
  item.accessibilityInformation = { label: [what, says, why, ...todo].join(', ') };
  return item;
}

export function hasShell(target: Target): boolean {
  return target.kind === 'ssh' || target.ssh !== undefined;
}
