import { basename } from 'node:path';
import * as vscode from 'vscode';
import { type Workflow, withOwnWeights } from '../../workflow/index.js';
import { type Host, mayRun, setting } from '../host.js';
import { type Analyses, isWorkflow } from '../providers/analyses.js';
import type { RunControl } from '../runs/control.js';
import type { RunDocuments } from '../runs/documents.js';
import type { RunStore } from '../runs/store.js';
import type { TrainingPanels } from './panels.js';
import { previewText, rewardPreview } from './preview.js';

interface Choices {
  roles: string[];
  steps: number;
}

/** Training from the palette: which roles, how many steps, what the recorded scores would teach, and then start. */
export class Trainer {
  constructor(
    private readonly host: Host,
    private readonly analyses: Analyses,
    private readonly store: RunStore,
    private readonly control: RunControl,
    private readonly documents: RunDocuments,
    private readonly panels: TrainingPanels,
  ) {}

  /** `role`: the only one that is ticked at first. */
  async train(uri?: vscode.Uri, role?: string): Promise<void> {
    if (!(await mayRun())) return;
    const active = vscode.window.activeTextEditor?.document;
    const document = uri ? await vscode.workspace.openTextDocument(uri) : active;
    if (!document || !isWorkflow(document) || document.uri.scheme !== 'file') {
      await vscode.window.showInformationMessage(
        vscode.l10n.t('Open the workflow whose roles should learn.'),
      );
      return;
    }
    const { workflow } = this.analyses.of(document);
    if (!workflow) {
      await vscode.window.showErrorMessage(
        vscode.l10n.t('{0} has problems; mend them first.', basename(document.uri.fsPath)),
      );
      return;
    }
    const choices = await this.ask(workflow, role);
    if (!choices || !(await this.confirm(document.uri, workflow, choices))) return;
    const run = await this.control.start(document.uri.fsPath, [
      'train',
      document.uri.fsPath,
      '--json',
      ...['--steps', String(choices.steps), '--roles', choices.roles.join(',')],
      ...this.control.flags(),
    ]);
    if (run) await this.panels.show(run);
  }

  private async ask(workflow: Workflow, role?: string): Promise<Choices | undefined> {
    const key = `baton.train.${workflow.file}`;
    const before = this.host.context.workspaceState.get<Choices>(key);
    const trained = withOwnWeights(workflow).filter((agent) => agent.trained);
    if (trained.length === 0) {
      await vscode.window.showInformationMessage(
        vscode.l10n.t('No role here can learn: roles learn whose model has "provider: embedded".'),
      );
      return undefined;
    }
    const roles = await vscode.window.showQuickPick(
      trained.map((agent) => ({
        label: agent.name,
        description: agent.model,
        picked: role ? agent.name === role : (before?.roles.includes(agent.name) ?? true),
      })),
      { canPickMany: true, title: vscode.l10n.t('Train which roles? (1 of 2)') },
    );
    if (!roles || roles.length === 0) return undefined;
    const wanted = before?.steps ?? workflow.training.steps;
    const steps = await vscode.window.showQuickPick(
      [...new Set([wanted, 2, 5, 10, 20, 30])].map((count) => ({
        label: vscode.l10n.t('{0} steps', count),
        description: vscode.l10n.t('{0} rollouts', count * workflow.training.rollouts),
        count,
      })),
      { title: vscode.l10n.t('For how long? (2 of 2)') },
    );
    if (!steps) return undefined;
    const choices = { roles: roles.map(({ label }) => label), steps: steps.count };
    await this.host.context.workspaceState.update(key, choices);
    return choices;
  }

  /** Show what recorded scores would teach, and ask whether to start. */
  private async confirm(uri: vscode.Uri, workflow: Workflow, { roles, steps }: Choices): Promise<boolean> {
    const run = await this.store.chosen(uri);
    const start = vscode.l10n.t('Train');
    if (run && run.pages.count() > 0) {
      const preview = rewardPreview(run, workflow.training, roles, setting('concurrency', 8, uri));
      const shown = this.documents.showText(
        run,
        'reward-preview.md',
        previewText(preview, run.folder.name, steps),
      );
      await vscode.window.showTextDocument(shown, { preview: true });
    }
    const note = run
      ? vscode.l10n.t('The preview shows what the recorded scores would teach.')
      : vscode.l10n.t('Nothing is recorded yet, so there is no reward preview.');
    const asked = await vscode.window.showQuickPick(
      [
        { label: start, description: vscode.l10n.t('{0}, {1} steps', roles.join(', '), steps), detail: note },
        { label: vscode.l10n.t('Cancel') },
      ],
      // The preview behind it is there to be read first.
      { title: vscode.l10n.t('Start training?'), ignoreFocusOut: true },
    );
    return asked?.label === start;
  }
}
