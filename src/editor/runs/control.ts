import { existsSync, readFileSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { capIn } from '../../rollout/index.js';
import { processStart, RunFolder } from '../../trace/index.js';
import { chosenConcurrency, type Host, mayRun, saved, setting, tell } from '../host.js';
import { pickWorkflow, workflowInFront } from '../providers/in-front.js';
import { readKeys } from '../secrets.js';
import { cliPath, launch, readPrinted, type Started } from './launch.js';
import { askHigher, stoppedBy } from './raise.js';
import { keyOf, type Run } from './run.js';
import { steer } from './steer.js';
import { type Remembered, stopRun } from './stop.js';
import { askStop, interrupt, stoppable, stopWords } from './stoppable.js';
import type { RunStore } from './store.js';

const REMEMBERED = 'baton.started';

/** Starts and stops runs through the command line, and says in the status bar that something runs. */
export class RunControl {
  constructor(
    private readonly host: Host,
    private readonly store: RunStore,
  ) {
    const item = host.keep(vscode.window.createStatusBarItem('baton.runs', vscode.StatusBarAlignment.Left));
    item.name = 'Baton';
    item.command = 'baton.runs.focus';
    host.keep(store.onDidChange(() => void this.status(item)));
  }

  /** Run the workflow that is open, or the one that is named. `only`: arguments for the command line. */
  async run(uri?: vscode.Uri, only: string[] = []): Promise<Run | undefined> {
    if (!(await mayRun())) return undefined;
    const file = await this.workflowFile(uri);
    if (!file) return undefined;
    return this.start(file, ['run', file, '--json', ...this.flags(file), ...only]);
  }

  /**
   * Go on with a run that was stopped, or with the rollouts of one that failed of no agent's doing; `spent`: what is
   * known to have stopped it, where its state does not tell.
   */
  async resume(run: Run, spent = stoppedBy(run)): Promise<void> {
    if (!(await mayRun())) return;
    const caps = spent === null ? [] : await askHigher(spent);
    if (!caps) return;
    const ended = run.state() === 'done' && run.info.kind !== 'train';
    if (ended && !run.pages.all().some(({ status }) => status === 'failed')) {
      await vscode.window.showInformationMessage(
        vscode.l10n.t(
          'Every rollout of {0} has come to its end: there is nothing to go on with.',
          run.folder.name,
        ),
      );
      return;
    }
    const file = run.workflowFile;
    // What confines it stays as it was started.
    const flags = ['--editor', ...envFlags(), ...concurrencyFlags(file), ...(ended ? ['--failed'] : [])];
    await this.start(file, ['resume', run.folder.path, '--json', ...flags, ...caps]);
  }

  /** Fork a rollout and wait for the branch's end. Gives the branch's name, unless it was cancelled; a failure has been told. */
  async fork(run: Run, rollout: string, action: string, change: string[]): Promise<string | undefined> {
    const args = ['fork', run.folder.path, rollout, action, ...change, '--editor', '--json', ...envFlags()];
    try {
      const started = await this.launch(args, run.folder.path);
      const title = vscode.l10n.t('Carrying {0} on from {1}', rollout, action);
      const { stopped } = await stoppable(title, started, () => interrupt(started));
      if (stopped) return undefined;
      const printed = readPrinted(started.out);
      if (printed.branch) return printed.branch;
      throw new Error(printed.error ?? lastWords(started.err));
    } catch (error) {
      const { message } = error as Error;
      if (capIn(message)) await this.offerHigher(run, message);
      else tell(this.host, vscode.l10n.t('{0} was not forked: {1}', rollout, message), error);
      return undefined;
    }
  }

  /** A branch that the budget stopped goes on with a higher one. */
  private async offerHigher(run: Run, message: string): Promise<void> {
    const goOn = vscode.l10n.t('Go On with a Higher One');
    const { name, most } = capIn(message)!;
    const says = vscode.l10n.t('The branch stopped: limits.{0} of {1} is spent.', name, most);
    if ((await vscode.window.showWarningMessage(says, goOn)) === goOn) await this.resume(run, message);
  }

  /** Over the control channel; where nobody listens there or somebody else holds it, by a signal. */
  async cancel(run: Run): Promise<void> {
    if (!(await mayRun())) return;
    if ((await steer(run, 'cancel')) === null) return this.store.refresh();
    const asked = stopRun(run, this.remembered());
    if ('refused' in asked)
      tell(this.host, vscode.l10n.t('{0} was not cancelled: {1}', run.folder.name, asked.refused));
    else this.host.log.info(`asked process ${asked.asked} to stop ${run.folder.name}`);
    this.store.refresh();
  }

  /** Carry out a short command that starts no run. Rejects with its own words. */
  async once(args: string[], cwd: string): Promise<void> {
    const started = await this.launch([...args, '--json'], cwd);
    const code = await started.ended;
    if (code !== 0) throw failure(args, started, code);
  }

  /** Carry out a short command and give what it prints. Rejects with its own words. */
  async ask(args: string[], cwd: string): Promise<unknown> {
    const started = await this.launch([...args, '--json'], cwd);
    const code = await started.ended;
    const printed = readFileSync(started.out, 'utf8').trim().split('\n').at(-1);
    if (!printed || readPrinted(started.out).error !== undefined) throw failure(args, started, code);
    return JSON.parse(printed);
  }

  /** A Node.js to run the command line: the editor's own, unless the user names another. */
  node(): string {
    return setting('node', '') || process.execPath;
  }

  /** What every command that runs a workflow's agents is told: the user's own settings. */
  flags(file: string): string[] {
    // Where the workflow asks no model of the editor, nothing waits for one.
    return ['--editor', ...this.flagsThere(file)];
  }

  /** The flags that hold on another machine as well. */
  flagsThere(file: string): string[] {
    return [...this.sandboxFlags(), ...envFlags(), ...concurrencyFlags(file)];
  }

  /** The sandbox, and the Python in it. */
  sandboxFlags(): string[] {
    const python = setting('python', '');
    return ['--sandbox', setting('sandbox', 'auto'), ...(python ? ['--python', python] : [])];
  }

  /**
   * Start a job on a target, or attach to one, and wait for its end. It goes on there whatever becomes of this window,
   * and its run comes here with the results. A failure has been told.
   */
  async there(what: string, folder: string, target: string, args: string[]): Promise<void> {
    const title = vscode.l10n.t('{0} on {1}; closing this window stops nothing', what, target);
    try {
      const started = await this.launch([...args, '--target', target, '--json'], folder);
      const job = () => (args[0] === 'jobs' ? args[2] : readPrinted(started.out).job);
      let ends: Awaited<ReturnType<typeof askStop>> = null;
      const { code } = await stoppable(title, started, async () => {
        ends = await askStop(what, target);
        const name = job();
        if (ends === 'training' && name !== undefined)
          await this.once(['jobs', 'cancel', name, '--target', target], folder).catch((error: Error) =>
            tell(this.host, vscode.l10n.t('{0} was not cancelled: {1}', name, error.message), error),
          );
        else if (ends !== null) interrupt(started);
      });
      this.store.refresh();
      const says = stopWords(ends, job() !== undefined, what, target);
      if (!says && code !== 0) throw new Error(readPrinted(started.out).error ?? lastWords(started.err));
      void vscode.window.showInformationMessage(
        says ?? vscode.l10n.t('{0} on {1} has ended; its run is here.', what, target),
      );
    } catch (error) {
      tell(this.host, vscode.l10n.t('{0} on {1}: {2}', what, target, (error as Error).message), error);
    }
  }

  /** Start a command that writes a run, and wait until it has one. A failure has been told. */
  async start(file: string, args: string[]): Promise<Run | undefined> {
    const { host } = this;
    return vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Starting {0}', basename(file)) },
      async () => {
        try {
          const started = await this.launch(args, dirname(file));
          const folder = await runFolder(started);
          await this.remember(folder, started.pid);
          this.store.refresh();
          void started.ended.then(() => this.store.refresh());
          const run = await this.store.byKey(keyOf(folder));
          if (run) this.store.choose(run);
          return run;
        } catch (error) {
          tell(
            host,
            vscode.l10n.t('{0} did not start: {1}', basename(file), (error as Error).message),
            error,
          );
          return undefined;
        }
      },
    );
  }

  private async launch(args: string[], cwd: string): Promise<Started> {
    const { host } = this;
    const node = this.node();
    const cli = cliPath(host.context.extensionPath);
    const output = join(host.context.globalStorageUri.fsPath, 'output');
    host.log.info(`${node} ${cli} ${args.join(' ')}`);
    return launch({ node, cli, args, cwd, output, keys: await keysJson(host) });
  }

  private async remember(folder: string, pid: number): Promise<void> {
    const started = processStart(pid);
    if (started === undefined) return;
    await this.host.context.globalState.update(
      REMEMBERED,
      [{ folder, pid, started }, ...this.remembered()].slice(0, 50),
    );
  }

  private remembered(): Remembered[] {
    return this.host.context.globalState.get<Remembered[]>(REMEMBERED, []);
  }

  private async workflowFile(uri?: vscode.Uri): Promise<string | undefined> {
    const of = uri ?? workflowInFront() ?? (await pickWorkflow(vscode.l10n.t('Which workflow?')));
    if (!of) return undefined;
    const document = await vscode.workspace.openTextDocument(of);
    return (await saved(document)) ? document.uri.fsPath : undefined;
  }

  private async status(item: vscode.StatusBarItem): Promise<void> {
    const live = (await this.store.runs()).filter(
      (run) => run.state() === 'running' || (run.state() === 'paused' && run.live),
    );
    if (live.length === 0) return item.hide();
    const icon = live.some((run) => run.state() === 'running') ? 'sync~spin' : 'debug-pause';
    // A training plans steps.
    const counted = live.filter((run) => run.planned > 0);
    const done = counted.reduce((sum, run) => sum + run.pages.count() - run.forks, 0);
    const planned = counted.reduce((sum, run) => sum + run.planned, 0);
    item.text = planned > 0 ? `$(${icon}) Baton ${done}/${planned}` : `$(${icon}) Baton`;
    item.tooltip = live.map((run) => run.folder.name).join('\n');
    item.show();
  }
}

/** The environment variables that workflows may read. */
function envFlags(): string[] {
  const names = setting<string[]>('allowEnv', []);
  return names.length > 0 ? ['--allow-env', names.join(',')] : [];
}

/** How many rollouts at a time, where the user says so; else the command knows. */
function concurrencyFlags(file: string): string[] {
  const chosen = chosenConcurrency(vscode.Uri.file(file));
  return chosen === undefined ? [] : ['--concurrency', String(chosen)];
}

/** Waits until the command line has said where its run is, or why there is none. */
async function runFolder(started: Started): Promise<string> {
  let code: number | null | undefined;
  void started.ended.then((ended) => {
    code = ended;
  });
  for (;;) {
    const ended = code !== undefined;
    const printed = readPrinted(started.out);
    if (printed.folder) return new RunFolder(printed.folder).path;
    if (printed.error) throw new Error(printed.error);
    if (ended)
      throw new Error(lastWords(started.err) || vscode.l10n.t('it ended with code {0}', String(code)));
    await Promise.race([grown(started.out), started.ended]);
  }
}

/** Why a command failed, in its own words where it has any. */
function failure(args: string[], { out, err }: Started, code: number | null): Error {
  const words = readPrinted(out).error ?? lastWords(err);
  return new Error(words || vscode.l10n.t('{0} ended with code {1}', args[0]!, String(code)));
}

function lastWords(path: string): string {
  return existsSync(path)
    ? readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .slice(-8)
        .join('\n')
        .replace(/^baton: /, '')
    : '';
}

/** Resolves when a file may have grown: at its next change, and now and then where changes are not told. */
function grown(path: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(path, () => done());
    const timer = setTimeout(() => done(), 250);
    const done = () => {
      clearTimeout(timer);
      watcher.close();
      resolve();
    };
  });
}

async function keysJson(host: Host): Promise<string | null> {
  const keys = await readKeys(host);
  return Object.keys(keys).length > 0 ? JSON.stringify(keys) : null;
}
