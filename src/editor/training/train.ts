import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { findTarget, readTargets, type Target, targetsFile } from '../../target/index.js';
import { rolloutsAStep, rolloutsAtATime } from '../../training/index.js';
import {
  baseOf,
  diskFiles,
  loadTasks,
  type Split,
  type Workflow,
  withOwnWeights,
} from '../../workflow/index.js';
import { chosenConcurrency, type Host, mayRun, saved } from '../host.js';
import type { Analyses } from '../providers/analyses.js';
import { pickWorkflow, workflowInFront } from '../providers/in-front.js';
import type { RunControl } from '../runs/control.js';
import type { RunDocuments } from '../runs/documents.js';
import type { RunStore } from '../runs/store.js';
import { rolloutWords } from '../words.js';
import { estimateOf, measuredRollouts, type Plan, updateSeconds } from './estimate.js';
import type { TrainingPanels } from './panels.js';
import { rewardPreview } from './preview.js';
import { previewText } from './preview-text.js';

interface Choices {
  roles: string[];
  steps: number;
  /** The most that it may take; none: no limit but the workflow's own. */
  cap?: { minutes: number } | { dollars: number } | undefined;
  /** A target of the user's; null: this machine. */
  target: string | null;
}

/** Where the workflow is kept that was trained last. */
const LAST = 'baton.train.last';

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

  /** Without a workflow in front, one of the open folders is picked. `role`: the only one that is ticked at first. */
  async train(uri?: vscode.Uri, role?: string): Promise<void> {
    if (!(await mayRun())) return;
    const document = await this.meant(uri);
    if (!document) return;
    const { workflow } = this.analyses.of(document);
    if (!workflow) {
      await vscode.window.showErrorMessage(
        vscode.l10n.t('{0} has problems; mend them first.', basename(document.uri.fsPath)),
      );
      return;
    }
    const choices = await this.ask(workflow, role);
    if (!choices || !(await this.confirm(document, workflow, choices))) return;
    const file = document.uri.fsPath;
    const args = ['train', file, '--steps', String(choices.steps), '--roles', choices.roles.join(',')];
    for (const [cap, most] of Object.entries(choices.cap ?? {})) args.push(`--${cap}`, String(most));
    const target = choices.target === null ? null : findTarget(targetsFile(), choices.target);
    if (choices.target !== null && !(target?.kind === 'ssh' && target.placement === 'here')) {
      const flags = [...args, ...this.control.flagsThere(file)];
      return this.control.there(basename(file), dirname(file), choices.target, flags);
    }
    const on = choices.target === null ? [] : ['--target', choices.target];
    const run = await this.control.start(file, [...args, '--json', ...on, ...this.control.flags(file)]);
    if (run) await this.panels.show(run);
  }

  /** The workflow that is named or in front, else one of the open folders', saved: the command line reads the disk. */
  private async meant(uri?: vscode.Uri): Promise<vscode.TextDocument | undefined> {
    const { workspaceState } = this.host.context;
    const front = uri ?? workflowInFront();
    const of =
      front && ['file', 'untitled'].includes(front.scheme)
        ? front
        : await pickWorkflow(vscode.l10n.t('Train which team?'), workspaceState.get<string>(LAST));
    if (!of) return undefined;
    const document = await vscode.workspace.openTextDocument(of);
    if (!(await saved(document))) return undefined;
    await workspaceState.update(LAST, of.fsPath);
    return document;
  }

  private async ask(workflow: Workflow, role?: string): Promise<Choices | undefined> {
    const key = `baton.train.${workflow.file}`;
    const targets = readTargets(targetsFile());
    const count = Object.keys(targets).length === 0 ? 3 : 4;
    const before = this.host.context.workspaceState.get<Choices>(key);
    const trained = withOwnWeights(workflow).filter((agent) => agent.trained);
    if (trained.length === 0) {
      await vscode.window.showInformationMessage(
        vscode.l10n.t('No role here can learn: roles learn whose model has "provider: embedded".'),
      );
      return undefined;
    }
    // Of the last time; where none of them is called so any more, it is all again.
    const kept = (before?.roles ?? []).filter((name) => trained.some((agent) => agent.name === name));
    const roles = await vscode.window.showQuickPick(
      trained.map((agent) => ({
        label: agent.name,
        description: [agent.model, baseOf(workflow) ?? []].flat().join(', '),
        picked: role ? agent.name === role : kept.length === 0 || kept.includes(agent.name),
      })),
      { canPickMany: true, title: vscode.l10n.t('Train which roles? (1 of {0})', count) },
    );
    if (!roles || roles.length === 0) return undefined;
    const wanted = before?.steps ?? workflow.training.steps;
    const perStep = rolloutsAStep(workflow.training, tasksIn(workflow)('train'));
    const steps = await vscode.window.showQuickPick(
      [...new Set([wanted, 2, 5, 10, 20, 30])].map((count) => ({
        label: vscode.l10n.t('{0} steps', count),
        description: rolloutWords(count * perStep),
        count,
      })),
      { title: vscode.l10n.t('For how long? (2 of {0})', count) },
    );
    if (!steps) return undefined;
    const cap = await this.most(workflow, count, before?.cap);
    if (cap === undefined) return undefined;
    const target = await this.place(targets, before?.target ?? null);
    if (target === undefined) return undefined;
    const choices = {
      roles: roles.map(({ label }) => label),
      steps: steps.count,
      target,
      cap: cap ?? undefined,
    };
    await this.host.context.workspaceState.update(key, choices);
    return choices;
  }

  /** The most that it may take; null: no limit; undefined: called off. What was chosen the last time comes first. */
  private async most(
    workflow: Workflow,
    count: number,
    before: Choices['cap'],
  ): Promise<NonNullable<Choices['cap']> | null | undefined> {
    const priced = Object.values(workflow.models).some((model) => 'price' in model && model.price);
    const minutes = [10, 30, 60, 240].map((most) => ({
      label: vscode.l10n.t('{0} minutes', most),
      description: '',
      cap: { minutes: most } as Choices['cap'],
    }));
    const dollars = (priced ? [1, 5, 20] : []).map((most) => ({
      label: vscode.l10n.t('{0} dollars', most),
      description: '',
      cap: { dollars: most } as Choices['cap'],
    }));
    const own = Object.entries(workflow.limits).filter(([, most]) => typeof most === 'number');
    const none = {
      label: vscode.l10n.t('No limit'),
      description: own.length
        ? vscode.l10n.t(
            'but those of the workflow: {0}',
            own.map(([what, most]) => `${what} ${most}`).join(', '),
          )
        : '',
      cap: undefined as Choices['cap'],
    };
    const last = JSON.stringify(before);
    const all = [none, ...minutes, ...dollars].sort(
      (a, b) => Number(JSON.stringify(b.cap) === last) - Number(JSON.stringify(a.cap) === last),
    );
    const picked = await vscode.window.showQuickPick(all, {
      title: vscode.l10n.t('At most how much? (3 of {0})', count),
    });
    return picked && (picked.cap ?? null);
  }

  /** Where to train; undefined: called off. Who has no targets is not asked. */
  private async place(
    targets: Readonly<Record<string, Target>>,
    before: string | null,
  ): Promise<string | null | undefined> {
    if (Object.keys(targets).length === 0) return null;
    const here = { label: vscode.l10n.t('This machine'), description: '', target: null as string | null };
    const there = Object.entries(targets).map(([label, target]) => ({
      label,
      description: target.kind === 'ssh' ? `ssh ${target.host}` : target.address,
      target: label as string | null,
    }));
    // What was chosen the last time comes first: Enter takes it.
    const all = [here, ...there].sort((a, b) => Number(b.target === before) - Number(a.target === before));
    return (await vscode.window.showQuickPick(all, { title: vscode.l10n.t('Where? (4 of 4)') }))?.target;
  }

  /** Show what recorded scores would teach and what it may take, and ask whether to start. */
  private async confirm(
    document: vscode.TextDocument,
    workflow: Workflow,
    choices: Choices,
  ): Promise<boolean> {
    const { roles, steps } = choices;
    const run = await this.store.chosen(document.uri);
    const start = vscode.l10n.t('Train');
    const recorded = run !== undefined && run.pages.count() > 0;
    if (recorded) {
      const preview = rewardPreview(run, workflow.training, roles);
      const plan = await this.plan(document, workflow, choices);
      const estimate = estimateOf(workflow, plan, preview.seconds, preview.events);
      const about = { run: run.folder.name, plan, estimate, target: choices.target };
      const shown = this.documents.showText(run, 'reward-preview.md', previewText(preview, about));
      await vscode.window.showTextDocument(shown, { preview: true });
    }
    const note = recorded
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

  private async plan(
    { uri }: vscode.TextDocument,
    workflow: Workflow,
    { roles, steps }: Choices,
  ): Promise<Plan> {
    const count = tasksIn(workflow);
    const before = (await this.store.runs()).filter(
      (run) => run.info.kind === 'train' && run.isOf(uri.fsPath),
    );
    const seconds = before.map((run) => updateSeconds(run.steps())).find((each) => each !== null);
    const splits = { select: count('select'), test: count('test') };
    return {
      steps,
      perStep: rolloutsAStep(workflow.training, count('train')),
      roles: roles.length,
      measured: measuredRollouts(splits, { steps, every: workflow.training.evaluate_every }),
      concurrency: chosenConcurrency(uri) ?? rolloutsAtATime,
      update: seconds ?? null,
    };
  }
}

/** How many tasks a split has. */
function tasksIn(workflow: Workflow): (split: Split) => number {
  const { tasks } = loadTasks(workflow.tasks, diskFiles(workflow.folder));
  return (split) => tasks.filter((task) => task.split === split).length;
}
