import * as vscode from 'vscode';
import * as z from 'zod';
import { commands, panels } from '../names.js';
import { page, pageOptions } from '../page.js';
import { type ToView, toHost } from '../protocol/training.js';
import type { Run } from '../runs/run.js';
import { type PanelParts, TrainingPanel } from './panel.js';

/** What a page remembers over a reload of the window. */
const remembered = z.object({ run: z.string() });

/** The training pages, one a run; they come back after the window was reloaded or closed. */
export class TrainingPanels implements vscode.WebviewPanelSerializer {
  private readonly open = new Map<string, vscode.WebviewPanel>();

  constructor(private readonly parts: PanelParts) {}

  /** Show a run's page; without one, that of the newest training run. */
  async show(wanted?: Run): Promise<void> {
    const run = wanted ?? (await this.newest());
    const key = run?.key ?? '';
    const there = this.open.get(key);
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
    const gone = vscode.l10n.t('The training run that was shown here is not in the open folders any more.');
    this.fill(panel, run, known.success && known.data.run ? gone : this.nothing);
  }

  private get nothing(): string {
    return vscode.l10n.t('No role has been trained in the open folders yet.');
  }

  private async newest(): Promise<Run | undefined> {
    const trained = (await this.parts.store.runs()).filter(({ info }) => info.kind === 'train');
    return trained.find((run) => ['running', 'paused'].includes(run.state())) ?? trained[0];
  }

  private fill(panel: vscode.WebviewPanel, run: Run | undefined, nothing: string): void {
    const key = run?.key ?? '';
    this.open.set(key, panel);
    panel.onDidDispose(() => {
      if (this.open.get(key) === panel) this.open.delete(key);
    });
    const icon = (theme: string) => vscode.Uri.file(this.parts.host.shipped(`media/file-${theme}.svg`));
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    if (run) new TrainingPanel(this.parts, run, panel);
    else this.fillEmpty(panel, nothing);
  }

  /** A page without a run says what to do; it becomes the page of the first one that appears. */
  private fillEmpty(panel: vscode.WebviewPanel, message: string): void {
    const { host, store } = this.parts;
    const { webview } = panel;
    const kept: vscode.Disposable[] = [];
    const done = () => vscode.Disposable.from(...kept).dispose();
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
        if (!run || this.open.get('') !== panel) return;
        done();
        this.open.delete('');
        if (!this.open.has(run.key)) this.fill(panel, run, message);
      }),
    );
    panel.onDidDispose(done);
    webview.html = page(host, webview, 'training', vscode.l10n.t('Training'));
  }
}
