import * as vscode from 'vscode';
import * as z from 'zod';
import { commands, panels } from '../names.js';
import { page, pageOptions } from '../page.js';
import { type ToView, toHost } from '../protocol/training.js';
import type { Run } from '../runs/run.js';
import { type PanelParts, runGone, TrainingPanel } from './panel.js';

/** What a page remembers over a reload of the window. */
const remembered = z.object({ run: z.string() });

/** The training pages, one a run; they come back after the window was reloaded or closed. */
export class TrainingPanels implements vscode.WebviewPanelSerializer {
  private readonly open = new Map<string, vscode.WebviewPanel>();
  /** Pages without a run: several, where runs were deleted that pages were of. */
  private readonly empty = new Set<vscode.WebviewPanel>();

  constructor(private readonly parts: PanelParts) {}

  /** Show a run's page; without one, that of the newest training run. */
  async show(wanted?: Run): Promise<void> {
    const run = wanted ?? (await this.newest());
    const there = run ? this.open.get(run.key) : [...this.empty][0];
    if (there) return there.reveal();
    const panel = vscode.window.createWebviewPanel(
      panels.training,
      vscode.l10n.t('Training'),
      vscode.ViewColumn.Active,
      pageOptions(this.parts.host),
    );
    this.fill(panel, run, this.nothing);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const known = remembered.safeParse(state);
    panel.webview.options = pageOptions(this.parts.host);
    const run = known.success && known.data.run ? await this.parts.store.byKey(known.data.run) : undefined;
    this.fill(panel, run, known.success && known.data.run ? runGone() : this.nothing);
  }

  private get nothing(): string {
    return vscode.l10n.t('No role has been trained in the open folders yet.');
  }

  private async newest(): Promise<Run | undefined> {
    const trained = (await this.parts.store.runs()).filter(({ info }) => info.kind === 'train');
    return trained.find((run) => ['running', 'paused'].includes(run.state())) ?? trained[0];
  }

  private fill(panel: vscode.WebviewPanel, run: Run | undefined, nothing: string): void {
    const icon = (theme: string) => vscode.Uri.file(this.parts.host.shipped(`media/file-${theme}.svg`));
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    if (run) this.fillWith(panel, run);
    else this.fillEmpty(panel, nothing);
  }

  private fillWith(panel: vscode.WebviewPanel, run: Run): void {
    const { key } = run;
    this.open.set(key, panel);
    panel.onDidDispose(() => {
      if (this.open.get(key) === panel) this.open.delete(key);
    });
    new TrainingPanel(this.parts, run, panel);
  }

  /** A page without a run says what to do; it becomes the page of the next one that has none. */
  private fillEmpty(panel: vscode.WebviewPanel, message: string): void {
    const { host, store } = this.parts;
    const { webview } = panel;
    const kept: vscode.Disposable[] = [];
    const done = () => {
      this.empty.delete(panel);
      vscode.Disposable.from(...kept).dispose();
    };
    this.empty.add(panel);
    kept.push(
      webview.onDidReceiveMessage((raw) => {
        const asked = toHost.safeParse(raw);
        if (!asked.success) return;
        const empty: ToView = { type: 'empty', message, train: true };
        if (asked.data.type === 'ready') void webview.postMessage(empty);
        if (asked.data.type === 'train') void vscode.commands.executeCommand(commands.train);
      }),
      store.onDidChange(async () => {
        const run = await this.newest();
        // One that has a page already does not need this one; another may come.
        if (!run || !this.empty.has(panel) || this.open.has(run.key)) return;
        done();
        this.fillWith(panel, run);
      }),
    );
    panel.onDidDispose(done);
    webview.html = page(host, webview, 'training', vscode.l10n.t('Training'));
  }
}
