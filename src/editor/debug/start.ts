import { basename, resolve } from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { culprit } from '../../coach/index.js';
import type { HeldAt } from '../../rollout/index.js';
import { readLog } from '../../trace/index.js';
import { type FactsByArtifact, factsSchema } from '../../workflow/index.js';
import { type Analysis, analyse } from '../language/index.js';
import { debugType, runScheme } from '../names.js';
import { isWorkflow } from '../providers/analyses.js';
import type { RunControl } from '../runs/control.js';
import { RunDocuments } from '../runs/documents.js';
import type { Run } from '../runs/run.js';
import type { RunStore } from '../runs/store.js';
import { retold } from '../runs/told.js';
import { RoleLines } from './breakpoints.js';
import { compareBranches } from './compare.js';
import { hasTask } from './has-task.js';
import { lastFailed } from './last-failed.js';
import { offeredConfigurations } from './offered.js';
import type { Followed, Recording } from './recording.js';
import { Budgeted } from './spending.js';
import { type Held, type Timeline, timelineOf } from './timeline.js';

interface Configuration extends vscode.DebugConfiguration {
  run?: string;
  rollout?: string;
  action?: string;
  scoreBelow?: number;
  /** Step through a run as it goes: one that is started for this, or (`attach`) one that goes on already. */
  live?: boolean;
  task?: string;
  program?: string;
}

/** Opens rollouts in the debugger, recorded ones and live ones. */
export class DebugStarter {
  private readonly sessions = new Map<string, vscode.DebugSession>();

  constructor(
    private readonly store: RunStore,
    private readonly documents: RunDocuments,
    private readonly control: RunControl,
  ) {}

  /** F5 without a launch.json: the last failed rollout of the workflow that is open. */
  async resolveDebugConfiguration(
    folder: vscode.WorkspaceFolder | undefined,
    given: vscode.DebugConfiguration,
  ): Promise<Configuration | undefined> {
    if (given.live || given.request === 'attach') return { ...given, live: true };
    // What one of a launch.json names may hold variables, which the editor fills in after this.
    if (given.type) return given;
    const own = { ...given, type: debugType, request: 'launch', name: 'Baton' };
    const found = await this.resolveDebugConfigurationWithSubstitutedVariables(folder, own);
    // As the other ways to begin do.
    if (found) await vscode.commands.executeCommand('workbench.view.debug');
    return found;
  }

  /** Find the run that is named, and the rollout where none is; says what there is not. */
  async resolveDebugConfigurationWithSubstitutedVariables(
    folder: vscode.WorkspaceFolder | undefined,
    given: vscode.DebugConfiguration,
  ): Promise<Configuration | undefined> {
    const configuration: Configuration = given;
    const { run: named } = configuration;
    const isNamed = Boolean(named) && named !== 'last';
    // A live session finds its run itself, or starts one.
    if (configuration.live && !isNamed) return configuration;
    const active = vscode.window.activeTextEditor?.document;
    const run = isNamed
      ? await this.find(named!, folder)
      : await this.store.chosen(active && isWorkflow(active) ? active.uri : undefined);
    if (isNamed && !run) {
      void vscode.window.showErrorMessage(noSuchRun(named!));
      return undefined;
    }
    if (run && configuration.live) return { ...configuration, run: run.key };
    const rollout = configuration.rollout ?? (run && lastFailed(run)?.rollout);
    if (!run || rollout === undefined) {
      await this.nothingYet();
      return undefined;
    }
    return { ...configuration, run: run.key, rollout };
  }

  private async nothingYet(): Promise<void> {
    await vscode.window.showInformationMessage(
      vscode.l10n.t(
        'There is no ended rollout to step through yet. Run the workflow first, or open the sample run.',
      ),
    );
  }

  /** What the editor's list of things to debug has of ours. */
  offered(folder: vscode.WorkspaceFolder | undefined): Promise<vscode.DebugConfiguration[]> {
    return offeredConfigurations(this.store, folder);
  }

  /** Step through the last failed rollout of a workflow; of a role: the last one it broke. */
  async lastFailed(uri?: vscode.Uri, role?: string): Promise<void> {
    const front = vscode.window.activeTextEditor?.document;
    const shown = front && (isWorkflow(front) || front.uri.scheme === runScheme) ? front.uri : undefined;
    // A run of another workflow would be another team.
    const run = await this.store.chosen(uri ?? shown);
    const row = run && lastFailed(run, role);
    if (run && row)
      await this.rollout(run, row.rollout, role === undefined ? undefined : culprit(row)?.action);
    else await this.nothingYet();
  }

  async rollout(run: Run, rollout: string, action?: string): Promise<void> {
    await vscode.commands.executeCommand('workbench.view.debug');
    await vscode.debug.startDebugging(undefined, {
      type: debugType,
      request: 'launch',
      name: vscode.l10n.t('Rollout {0}', rollout),
      run: run.key,
      rollout,
      ...(action ? { action } : {}),
    });
  }

  /** Start a run of one task, held before its first action, and step through it as it goes. */
  async live(uri?: vscode.Uri): Promise<void> {
    const document = uri
      ? await vscode.workspace.openTextDocument(uri)
      : vscode.window.activeTextEditor?.document;
    if (!document || !isWorkflow(document) || document.uri.scheme !== 'file') return;
    const run = await this.store.chosen(document.uri);
    const failed = run && lastFailed(run)?.task;
    const task = failed !== undefined && hasTask(document.uri.fsPath, failed) ? failed : undefined;
    await vscode.commands.executeCommand('workbench.view.debug');
    await vscode.debug.startDebugging(undefined, {
      type: debugType,
      request: 'launch',
      name: vscode.l10n.t('Live: {0}', task ?? basename(document.uri.fsPath)),
      live: true,
      program: document.uri.fsPath,
      ...(task ? { task } : {}),
    });
  }

  /** Steer a run that goes on, whoever started it: held before its next action, and looked back at. */
  async attach(run: Run): Promise<void> {
    await vscode.commands.executeCommand('workbench.view.debug');
    await vscode.debug.startDebugging(undefined, {
      type: debugType,
      request: 'attach',
      name: vscode.l10n.t('Live: {0}', run.folder.name),
      live: true,
      run: run.key,
    });
  }

  /** The run that a session attaches to, or one of one task that it starts. */
  private async goingOn(configuration: Configuration): Promise<Run> {
    const { request, run: named, task, program } = configuration;
    if (request === 'attach') {
      const run = named && named !== 'last' ? await this.find(named) : await this.store.chosen();
      if (run?.live) return run;
      throw new Error(
        run
          ? vscode.l10n.t('{0} has ended: step through one of its rollouts instead.', run.folder.name)
          : noSuchRun(named ?? 'last'),
      );
    }
    const which = task ? ['--tasks', task] : ['--limit', '1'];
    const run = await this.control.run(vscode.Uri.file(program ?? ''), [...which, '--hold']);
    if (!run) throw new Error(vscode.l10n.t('The run did not start.'));
    return run;
  }

  private async liveRecording(configuration: Configuration, session: Followed): Promise<Recording> {
    const run = await this.goingOn(configuration);
    let rollout = '';
    const parents = new Map<string, string>();
    const timeline = (held: Held | null): Timeline =>
      timelineOf(rollout, readLog(run.folder.rollout(rollout)).events, run.reviews(rollout), held);
    const [{ attachLive }, { taskNameOf }] = await Promise.all([import('./live.js'), import('./asked.js')]);
    const listener = {
      held: (at: HeldAt) =>
        session.held(timeline({ action: at.action, agent: at.agent, says: words(at) }), at.why),
      logged: (text: string) => session.say(text),
      wrote: (action: string, text: string) => session.wrote(action, text),
      forked: (parent: string, branch: string) => {
        parents.set(branch, parent);
        rollout = branch;
        session.say(
          vscode.l10n.t('{0} goes on from here with the change; {1} goes on beside it.', branch, parent),
        );
      },
      ended: () => {
        session.ended(timeline(null));
        const parent = parents.get(rollout);
        if (parent !== undefined) void compareBranches(run, parent, rollout, true);
      },
    };
    const live = await attachLive(run.folder, listener, configuration.request === 'attach');
    const first = await Promise.race([session.steers(live.run), live.first]);
    rollout = first.rollout;
    const now = timeline({ action: first.action, agent: first.agent, says: words(first) });
    return {
      ...(await this.about(run, configuration, taskNameOf(run, rollout))),
      timeline: now,
      live: live.run,
    };
  }

  /** A run by its key, its name, or the path of its folder, from the folder that the configuration is of. */
  private async find(named: string, folder?: vscode.WorkspaceFolder): Promise<Run | undefined> {
    const from = folder ? [folder] : (vscode.workspace.workspaceFolders ?? []);
    const paths = [named, ...from.map(({ uri }) => resolve(uri.fsPath, named))];
    const runs = await this.store.runs();
    return runs.find(
      (run) => run.key === named || run.folder.name === named || paths.includes(run.folder.path),
    );
  }

  /** The session that a menu of the call stack belongs to, else the active one; undefined where that is none of ours. */
  sessionOf(menu: unknown): vscode.DebugSession | undefined {
    const id = (menu as { sessionId?: unknown } | undefined)?.sessionId;
    const active = vscode.debug.activeDebugSession;
    return (
      (typeof id === 'string' ? this.sessions.get(id) : undefined) ??
      (active?.type === debugType ? active : undefined)
    );
  }

  async adapter(of: vscode.DebugSession): Promise<vscode.DebugAdapterDescriptor> {
    this.sessions.set(of.id, of);
    const ending = vscode.debug.onDidTerminateDebugSession(({ id }) => {
      if (id !== of.id) return;
      this.sessions.delete(id);
      ending.dispose();
    });
    const { RolloutSession } = await import('./session.js');
    const session = new RolloutSession(
      (args, followed) => {
        const configuration = args as Configuration;
        return configuration.live
          ? this.liveRecording(configuration, followed)
          : this.recording(configuration);
      },
      async (path) => roleLines(await analysisOf(path)),
    );
    return new vscode.DebugAdapterInlineImplementation(session);
  }

  private async recording(configuration: Configuration): Promise<Recording> {
    const run = await this.find(configuration.run ?? '');
    if (!run) throw new Error(noSuchRun(configuration.run ?? ''));
    const rollout = configuration.rollout ?? '';
    const { taskNameOf } = await import('./asked.js');
    const log = readLog(run.folder.rollout(rollout));
    if (log.events.length === 0)
      throw new Error(vscode.l10n.t('{0} has no rollout "{1}".', run.folder.name, rollout));
    return {
      ...(await this.about(run, configuration, taskNameOf(run, rollout))),
      timeline: timelineOf(rollout, log.events, run.reviews(rollout)),
      live: null,
    };
  }

  /** What a session needs of a run beside its timeline. */
  private async about(
    run: Run,
    configuration: Configuration,
    name: string,
  ): Promise<Omit<Recording, 'timeline' | 'live'>> {
    const uri = await sourceOf(run);
    const { askedOf } = await import('./asked.js');
    const { task, limits } = askedOf(run, name);
    const analysis = analyse(
      run.workflow,
      run.workflowFile,
      this.documents.filesOf(RunDocuments.workflowUri(run))!,
    );
    return {
      source: {
        path: uri.scheme === 'file' ? uri.fsPath : uri.toString(),
        name: basename(run.info.file),
      },
      run: run.key,
      isSource: (path) => isSourceOf(run, path),
      roles: roleLines(analysis),
      kinds: analysis.team.artifacts,
      handed: (role) => analysis.team.roles.get(role) ?? { consumes: [], produces: [] },
      text: (body) => run.blobs.text(body),
      scoreBelow: configuration.scoreBelow ?? 5,
      startAt: configuration.action ?? null,
      task,
      budget: new Budgeted(run, limits),
      onMoment: (state) => this.documents.showMoment(run, state),
      inspect: (names, rollout, after) => this.inspect(run, names, rollout, after),
    };
  }

  /** Facts and first rows of artifacts at a moment, which the command line computes in the sandbox. */
  private async inspect(
    run: Run,
    names: string[],
    rollout: string,
    after: string | null,
  ): Promise<FactsByArtifact> {
    if (!vscode.workspace.isTrusted)
      throw new Error(vscode.l10n.t('This folder is not trusted, so nothing is computed here.'));
    if (after === null) return {};
    const args = ['inspect', run.folder.path, rollout, ...names, '--at', after];
    const answer = await this.control.ask([...args, ...this.control.sandboxFlags()], run.folder.path);
    return inspectedSchema.parse(answer).artifacts;
  }
}

function noSuchRun(named: string): string {
  return vscode.l10n.t('There is no run "{0}" in the open folders.', named);
}

function words(at: { action: string; stage: string; why: string }): string {
  const stages: Record<string, string> = {
    before: vscode.l10n.t('before {0}', at.action),
    model: vscode.l10n.t('before its model call'),
    tool: vscode.l10n.t('before its program runs'),
    check: vscode.l10n.t('before its contracts are checked'),
    after: vscode.l10n.t('after {0}', at.action),
  };
  const place = stages[at.stage] ?? at.stage;
  // The reason first: the call stack is narrow.
  return at.why === 'step' || at.why === 'pause' ? place : vscode.l10n.t('{0}, {1}', retold(at.why), place);
}

const inspectedSchema = z.object({ artifacts: z.record(z.string(), factsSchema) });

/** Whether a path or address is of a run's workflow: its file, or the run's copy. */
function isSourceOf(run: Run, path: string): boolean {
  if (path.startsWith(`${runScheme}:`))
    return vscode.Uri.parse(path).toString() === RunDocuments.workflowUri(run).toString();
  return run.isOf(vscode.Uri.file(path).fsPath);
}

/** The file itself where its text is still that of the run, else the text as it was. */
async function sourceOf(run: Run): Promise<vscode.Uri> {
  const file = vscode.Uri.file(run.workflowFile);
  try {
    const document = await vscode.workspace.openTextDocument(file);
    if (run.ranWith(document.getText())) return file;
  } catch {
    // It was moved or deleted since: the run has its own copy.
  }
  return RunDocuments.workflowUri(run);
}

async function analysisOf(path: string): Promise<Analysis> {
  const uri = path.startsWith(`${runScheme}:`) ? vscode.Uri.parse(path) : vscode.Uri.file(path);
  const document = await vscode.workspace.openTextDocument(uri);
  const nothing = { refused: 'missing', message: '' } as const;
  return analyse(document.getText(), path, {
    folder: '/',
    read: () => nothing,
    resolve: () => nothing,
    list: () => [],
  });
}

function roleLines({ source, mentions, text }: Analysis): RoleLines {
  const lineOf = (offset: number) => text.slice(0, offset).split('\n').length;
  return new RoleLines(
    mentions
      .filter((mention) => mention.kind === 'role' && mention.is === 'declaration')
      .map((mention) => {
        const [, end] = source?.offsets(['agents', mention.name]) ?? [0, mention.end];
        return {
          role: mention.name,
          from: lineOf(mention.start),
          to: lineOf(text.slice(0, end).trimEnd().length),
        };
      }),
  );
}
