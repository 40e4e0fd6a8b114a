import * as vscode from 'vscode';
import { commands } from '../names.js';
import type { Run } from './run.js';
import { type UnderWay, underWay } from './under-way.js';

/** The row of a rollout that goes on. */
export interface GoingRow {
  is: 'going';
  run: Run;
  its: UnderWay;
}

const LOOK_MS = 1000;

/** The rows of rollouts that go on, under runs that stand open: their run is drawn anew as they go. */
export class Going {
  private readonly drawn = new Map<Run, string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly visible: () => boolean,
    private readonly redraw: (run: Run) => void,
  ) {}

  rows(run: Run): GoingRow[] {
    const now = underWay(run);
    if (run.live) this.drawn.set(run, JSON.stringify(now));
    else this.drawn.delete(run);
    if (this.drawn.size > 0) this.timer ??= setInterval(() => this.look(), LOOK_MS);
    return now.map((its) => ({ is: 'going', run, its }));
  }

  dispose(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    if (!this.visible()) return;
    for (const [run, before] of this.drawn) if (JSON.stringify(underWay(run)) !== before) this.redraw(run);
    if (this.drawn.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

export function goingItem(row: GoingRow): vscode.TreeItem {
  const { rollout, task, acting } = row.its;
  const item = new vscode.TreeItem(task);
  item.id = `${row.run.key}/${rollout}/going`;
  const says =
    acting.length > 0 ? vscode.l10n.t('{0} acts', acting.join(', ')) : vscode.l10n.t('between actions');
  item.description = says;
  item.tooltip = `${rollout}\n${says}`;
  item.iconPath = new vscode.ThemeIcon(row.run.state() === 'paused' ? 'debug-pause' : 'loading~spin');
  item.accessibilityInformation = { label: `${task}, ${says}` };
  item.command = { command: commands.openTrajectory, title: '', arguments: [row] };
  return item;
}
