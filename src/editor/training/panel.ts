import * as vscode from 'vscode';
import { LogTail } from '../../trace/index.js';
import { type Host, mayRun } from '../host.js';
import { commands } from '../names.js';
import { page } from '../page.js';
import { type ToHost, type ToView, toHost } from '../protocol/training.js';
import type { Analyses } from '../providers/analyses.js';
import type { RunControl } from '../runs/control.js';
import { RunDocuments } from '../runs/documents.js';
import type { Run } from '../runs/run.js';
import { steer } from '../runs/steer.js';
import type { RunStore } from '../runs/store.js';
import { retold } from '../runs/told.js';
import { actingIn, type Weights } from '../runs/weights.js';
import type { Acting } from './checkpoints.js';
import { coachOf } from './coach.js';
import { dashboardOf } from './dashboard.js';
import { TrainingHistory } from './history.js';
import { JudgedActions } from './judged.js';

export interface PanelParts {
  host: Host;
  analyses: Analyses;
  store: RunStore;
  control: RunControl;
  weights: Weights;
}

/** What a page says whose run was deleted. */
export function runGone(): string {
  return vscode.l10n.t('The training run that was shown here is not in the open folders any more.');
}

/** One training run in a page: follows its log, draws it anew where it grew, and does what the page asks. */
export class TrainingPanel {
  private readonly history = new TrainingHistory();
  private readonly tail: LogTail;
  private readonly judged: JudgedActions;
  private steps: Promise<number | null> | undefined;
  private ready = false;
  private coach = false;
  private last = '';

  constructor(
    private readonly parts: PanelParts,
    readonly run: Run,
    private readonly panel: vscode.WebviewPanel,
  ) {
    const { host, store } = parts;
    this.tail = new LogTail(run.folder.log);
    this.judged = new JudgedActions(run);
    const { webview } = panel;
    const kept = [
      webview.onDidReceiveMessage(async (raw) => {
        const message = toHost.safeParse(raw);
        if (!message.success)
          return host.log.warn(`The training page sent something unknown: ${message.error.message}`);
        try {
          await this.answer(message.data);
        } catch (error) {
          this.say((error as Error).message, true);
        }
      }),
      store.onDidChange(() => void this.draw()),
      panel.onDidChangeViewState(() => void this.draw()),
    ];
    panel.onDidDispose(() => vscode.Disposable.from(...kept).dispose());
    panel.title = vscode.l10n.t('Training {0}', run.folder.name);
    webview.html = page(host, webview, 'training', panel.title);
  }

  private async answer(message: ToHost): Promise<void> {
    const { run } = this;
    switch (message.type) {
      case 'ready':
        this.ready = true;
        this.last = '';
        return this.draw();
      case 'steer':
        return this.steer(message.how);
      case 'promote':
        return this.promote(message.checkpoint, message.role);
      case 'coach':
        this.coach = message.shown;
        return this.draw();
      case 'open': {
        const document = await vscode.workspace.openTextDocument(
          RunDocuments.trajectoryUri(run, message.rollout),
        );
        await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside });
        return;
      }
      case 'train':
        await vscode.commands.executeCommand(commands.train, vscode.Uri.file(run.workflowFile));
        return;
      default:
        return message satisfies never;
    }
  }

  private async steer(how: (ToHost & { type: 'steer' })['how']): Promise<void> {
    const { control, store } = this.parts;
    if (how === 'resume') await control.resume(this.run);
    else if (how === 'cancel') await control.cancel(this.run);
    else {
      const refused = (await mayRun()) ? await steer(this.run, how) : null;
      if (refused) this.say(retold(refused), true);
    }
    store.refresh();
  }

  private async promote(checkpoint: string, role: string | null): Promise<void> {
    const { weights } = this.parts;
    const saved = this.history.checkpoints.get(checkpoint);
    const trained = Object.entries(saved?.policies ?? {}).flatMap(([name, policy]) =>
      policy.endsWith('@v0') ? [] : [name],
    );
    const roles = role === null ? trained : trained.filter((name) => name === role);
    if (roles.length === 0)
      return this.say(vscode.l10n.t('There are no trained weights of that role in {0}.', checkpoint), true);
    const done = await weights.promote(this.run, checkpoint, roles);
    if (done) this.say(done, false);
  }

  /** Read what was added to the log, and send the page what it shows now, where that changed. */
  private async draw(): Promise<void> {
    if (!this.ready || !this.panel.visible) return;
    if (this.run.gone) return this.show({ type: 'empty', message: runGone(), train: false });
    for (let found = this.tail.read(); found; found = this.tail.read())
      for (const { event } of found) this.history.add(event);
    this.steps ??= this.wanted();
    const coach = this.coach ? await this.judged.read() : null;
    const dashboard = dashboardOf(this.run, this.history, {
      steps: await this.steps,
      acting: this.acting(),
      coach: coach && coachOf(coach.actions, coach.reviews),
    });
    this.show({ type: 'dashboard', dashboard });
  }

  private show(message: ToView): void {
    const text = JSON.stringify(message);
    if (text !== this.last) this.send(message);
    this.last = text;
  }

  private acting(): Acting {
    try {
      return new Map(
        [...actingIn(this.run.folder.home)].flatMap(([role, { from }]) =>
          from ? [[role, from] as const] : [],
        ),
      );
    } catch (error) {
      this.parts.host.log.warn(`What the roles act with cannot be read: ${(error as Error).message}`);
      return new Map();
    }
  }

  /** How many steps are meant: chosen at the command, else what the recorded workflow says. */
  private async wanted(): Promise<number | null> {
    const { steps } = this.run.info.options;
    if (typeof steps === 'number') return steps;
    const document = await vscode.workspace.openTextDocument(RunDocuments.workflowUri(this.run));
    return this.parts.analyses.of(document).workflow?.training.steps ?? null;
  }

  private say(message: string, problem: boolean): void {
    this.send({ type: 'said', message, problem });
  }

  private send(message: ToView): void {
    void this.panel.webview.postMessage(message);
  }
}
