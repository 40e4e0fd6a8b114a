import {
  compareRollouts,
  driftAlarm,
  evaluateRollouts,
  fairUnit,
  type Report,
  succeeded,
} from '../evaluation/index.js';
import { type Ended, runBatch } from '../rollout/index.js';
import type { LogEvent } from '../trace/index.js';
import {
  type Canary,
  canaryOf,
  proveUpdate,
  type RoleReport,
  type RoleState,
  type Sample,
  samplesOf,
  updateRole,
} from '../training/index.js';
import { randomFrom, shuffled, type Task, type Workflow, type WorkflowFiles } from '../workflow/index.js';
import type { RunningEngine } from './engine.js';
import { pickTasks } from './open-workflow.js';
import { printBlame, summarise } from './report.js';
import { specsFor } from './run-command.js';
import { type OpenRun, startRun } from './start-run.js';
import { commandName, exit, Failure, percent, type Terminal } from './terminal.js';
import { printComparison } from './train-report.js';

export interface TrainOptions {
  steps?: number | undefined;
  rollouts?: number | undefined;
  seed: number;
  concurrency: number;
  evalTasks: number;
  selectTasks: number;
  sandbox: string;
  python?: string | undefined;
  allowEnv: string[];
}

/** `baton train`: measure the untrained team, train each role, pick a checkpoint on `select`, measure it on `test`. */
export async function trainCommand(
  terminal: Terminal,
  opened: { workflow: Workflow; files: WorkflowFiles; tasks: Task[] },
  options: TrainOptions,
  engine: RunningEngine,
): Promise<number> {
  const training = { ...opened.workflow.training, seed: options.seed };
  if (options.steps !== undefined) training.steps = options.steps;
  if (options.rollouts !== undefined) training.rollouts = options.rollouts;
  const workflow = { ...opened.workflow, training };
  const split = (name: 'train' | 'select' | 'test', limit?: number) =>
    pickTasks(opened.tasks, { split: name, limit });
  const tasks = {
    train: split('train'),
    select: split('select', options.selectTasks),
    test: split('test', options.evalTasks),
  };
  for (const name of ['train', 'select', 'test'] as const)
    if (tasks[name].length === 0)
      throw new Failure(
        'split.empty',
        `There is no task in the split "${name}"; say how to split under tasks.split.`,
      );
  const abort = new AbortController();
  const stop = () => abort.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const policies = Object.fromEntries(Object.keys(workflow.agents).map((role) => [role, `${role}@v0`]));
  const run = await startRun({
    workflow,
    files: opened.files,
    kind: 'train',
    seed: options.seed,
    sandbox: options.sandbox,
    python: options.python,
    allowEnv: options.allowEnv,
    engine: engine.endpoint,
    engineInfo: engine.info,
    policies,
    tasks: [...tasks.train, ...tasks.select, ...tasks.test].map((task) => task.id),
    options: { steps: training.steps, rollouts: training.rollouts },
    abort,
  });
  const trainer = new Trainer(terminal, workflow, run, engine, policies, options);
  try {
    return await trainer.train(tasks, abort.signal);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    await run.close();
  }
}

interface Checkpoint {
  name: string;
  policies: Record<string, string>;
  rank: number;
}

class Trainer {
  private readonly roles: Record<string, RoleState> = {};
  private readonly canaries = new Map<string, Canary>();
  private before: Ended[] = [];
  constructor(
    private readonly terminal: Terminal,
    private readonly workflow: Workflow,
    private readonly run: OpenRun,
    private readonly engine: RunningEngine,
    private readonly policies: Record<string, string>,
    private readonly options: TrainOptions,
  ) {}

  async train(tasks: Record<'train' | 'select' | 'test', Task[]>, signal: AbortSignal): Promise<number> {
    const { terminal, run, workflow } = this;
    const { training } = workflow;
    const base = (await this.engine.engine.client.health()).base_hash;
    for (const agent of Object.values(workflow.agents))
      if (agent.trained) this.roles[agent.name] = { version: 'v0', hash: base, updates: 0 };
    terminal.note(`engine: ${this.engine.engine.url} (${JSON.stringify(this.engine.info)})`);
    terminal.note(
      `the untrained team, on ${tasks.test.length} held-out tasks of ${new Set(tasks.test.map((task) => task.group)).size} tables:`,
    );
    this.before = await this.evaluate('base', 'test', tasks.test);
    printBlame(terminal, summarise(this.before).blame, this.before.length);
    const first = evaluateRollouts(this.before);
    terminal.say(`success ${percent(first.success.mean)}\n`);
    const checkpoints: Checkpoint[] = [await this.checkpoint('base', tasks.select)];
    let baseSelect: Report | null = this.lastSelect;
    for (let step = 0; step < training.steps && !signal.aborted; step++) {
      await this.step(step, tasks.train);
      const due = training.evaluate_every > 0 && (step + 1) % training.evaluate_every === 0;
      if ((due || step === training.steps - 1) && !signal.aborted) {
        checkpoints.push(await this.checkpoint(`step-${step + 1}`, tasks.select));
        const alarm = baseSelect && this.lastSelect ? driftAlarm(baseSelect, this.lastSelect) : null;
        if (alarm) {
          run.log.append({ type: 'alarm', data: { code: 'strata.diverge', message: alarm } });
          terminal.note(alarm);
        }
        baseSelect ??= this.lastSelect;
      }
    }
    return this.finish(checkpoints, tasks.test, signal.aborted);
  }

  private async rollouts(
    tasks: readonly Task[],
    samples: number,
    step: string,
    label: string,
  ): Promise<{ ended: Ended[]; events: Map<string, LogEvent[]> }> {
    const events = new Map<string, LogEvent[]>();
    const specs = specsFor(tasks, samples, step, { ...this.policies });
    const { ended, spent } = await runBatch(this.run.folder, this.run.log, specs, this.run.deps, {
      concurrency: this.options.concurrency,
      onEnded: (done, own) => {
        events.set(done.rollout, own);
        this.terminal.emit({
          event: 'rollout.ended',
          rollout: done.rollout,
          success: done.outcome?.success ?? null,
        });
        this.terminal.progress(`${label}: ${events.size}/${specs.length} rollouts`);
      },
    });
    if (spent !== null) throw new Failure('budget.spent', `The budget is spent: ${spent}.`, exit.budget);
    return { ended, events };
  }

  private async evaluate(name: string, split: string, tasks: readonly Task[]): Promise<Ended[]> {
    const { ended } = await this.rollouts(tasks, 1, `${split}-${name}`, `${name} on ${split}`);
    const report = evaluateRollouts(ended);
    this.run.log.append({
      type: 'evaluation',
      data: { name, split, policies: { ...this.policies }, report: report as never },
    });
    this.terminal.emit({ event: 'evaluation', name, split, report });
    return ended;
  }

  private lastSelect: Report | null = null;

  private async checkpoint(name: string, tasks: readonly Task[]): Promise<Checkpoint> {
    const ended = await this.evaluate(name, 'select', tasks);
    this.lastSelect = evaluateRollouts(ended);
    const versions = Object.fromEntries(
      Object.entries(this.roles).map(([role, state]) => [role, state.version]),
    );
    await this.engine.engine.client.checkpoints({ action: 'save', name, policies: versions });
    this.run.log.append({
      type: 'checkpoint.saved',
      data: {
        step: Number(name.split('-')[1] ?? 0),
        policies: { ...this.policies },
        hashes: Object.fromEntries(Object.entries(this.roles).map(([role, state]) => [role, state.hash])),
      },
    });
    await this.run.log.sync();
    this.terminal.note(
      `checkpoint ${name}: select score ${this.lastSelect.rank.toFixed(3)}, success ${percent(this.lastSelect.success.mean)}`,
    );
    return { name, policies: { ...this.policies }, rank: this.lastSelect.rank };
  }

  private async step(step: number, tasks: readonly Task[]): Promise<void> {
    const { training } = this.workflow;
    const start = performance.now();
    const count = Math.ceil(training.rollouts / training.samples);
    const chosen = shuffled(tasks, randomFrom(`${training.seed}/tasks/${step}`)).slice(0, count);
    const { ended, events } = await this.rollouts(
      chosen,
      training.samples,
      `train-${String(step + 1).padStart(4, '0')}`,
      `step ${step + 1}/${training.steps}`,
    );
    if (this.run.deps.signal.aborted) return;
    const sampled = performance.now();
    const samples = ended.flatMap((done) =>
      samplesOf(done.rollout, done.task, events.get(done.rollout)!, {
        rewardScale: training.reward_scale,
        reward: training.reward,
      }),
    );
    const reports: RoleReport[] = [];
    for (const role of Object.keys(this.roles)) reports.push(await this.update(role, samples, step, events));
    const success = ended.filter((done) => done.outcome?.success).length / Math.max(1, ended.length);
    const seconds = { sampling: (sampled - start) / 1000, training: (performance.now() - sampled) / 1000 };
    this.run.log.append({
      type: 'training.step',
      data: {
        step,
        report: { success, seconds, roles: reports, byStratum: summarise(ended).byStratum } as never,
      },
    });
    await this.run.log.sync();
    this.terminal.emit({ event: 'training.step', step, success, seconds, roles: reports });
    const means = reports.map(
      (report) =>
        `${report.role} ${(report.rewardMean * training.reward_scale).toFixed(1)}${report.skipped ? ' (skipped)' : ''}`,
    );
    this.terminal.note(
      `step ${step + 1}/${training.steps}: success ${percent(success)}, scores ${means.join(', ')} (${seconds.sampling.toFixed(1)} + ${seconds.training.toFixed(1)} s)`,
    );
  }

  private async update(
    role: string,
    samples: readonly Sample[],
    step: number,
    events: Map<string, LogEvent[]>,
  ): Promise<RoleReport> {
    const { client } = this.engine.engine;
    const from = this.roles[role]!;
    const { state, report } = await updateRole(
      client,
      role,
      from,
      samples,
      step,
      this.workflow.training,
      this.run.folder.name,
    );
    if (report.skipped === null && this.workflow.training.learning_rate > 0) {
      const proof = await proveUpdate(
        client,
        role,
        from,
        state,
        this.canary(role, samples, events),
        this.workflow.training.temperature,
      );
      if (step === 0)
        this.terminal.note(
          `${role}: update proven, served and trained log-probabilities differ by ${proof.served.toExponential(1)}`,
        );
    }
    this.roles[role] = state;
    this.policies[role] = `${role}@${state.version}`;
    this.run.log.append({ type: 'training.update', data: { step, role, report: report as never } });
    return report;
  }

  private canary(role: string, samples: readonly Sample[], events: Map<string, LogEvent[]>): Canary {
    const known = this.canaries.get(role);
    if (known) return known;
    const own = samples.filter((sample) => sample.role === role);
    const call = events
      .get(own[0]!.rollout)!
      .find((event) => event.type === 'model.called' && event.data.action === own[0]!.action);
    if (call?.type !== 'model.called') throw new Error(`no call of ${role} to prove an update on`);
    const canary = canaryOf(
      own,
      JSON.parse(this.run.deps.blobs.text(call.data.messages)) as Canary['messages'],
    );
    this.canaries.set(role, canary);
    return canary;
  }

  private async finish(checkpoints: Checkpoint[], test: readonly Task[], aborted: boolean): Promise<number> {
    const { terminal, run } = this;
    const best = checkpoints.reduce((a, b) => (b.rank > a.rank ? b : a));
    if (aborted) {
      run.log.append({ type: 'run.paused', data: { why: 'cancelled' } });
      terminal.say(
        `Cancelled after ${checkpoints.length - 1} checkpoints; the best so far on select is ${best.name}. log: ${run.folder.path}`,
      );
      return exit.cancelled;
    }
    Object.assign(this.policies, best.policies);
    const after = await this.evaluate(best.name, 'test', test);
    const [was, now] = [evaluateRollouts(this.before), evaluateRollouts(after)];
    const change = {
      success: compareRollouts(this.before, after, succeeded),
      fair: compareRollouts(this.before, after, fairUnit),
    };
    const summary = {
      best: best.name,
      policies: best.policies,
      before: was,
      after: now,
      change,
      blame: { before: summarise(this.before).blame, after: summarise(after).blame },
    };
    run.log.append({
      type: 'run.finished',
      data: { status: 'done', reason: null, summary: summary as never },
    });
    await run.log.sync();
    terminal.emit({ event: 'run.finished', run: run.folder.name, status: 'done', summary });
    printComparison(terminal, was, now, change);
    terminal.say();
    printBlame(terminal, summary.blame.after, after.length);
    terminal.say(`\nbest checkpoint (chosen on select): ${best.name}\nlog: ${run.folder.path}`);
    terminal.say(
      `next: ${commandName()} why ${run.folder.path}
      ${commandName()} show ${run.folder.path}
      edit the workflow and train again`,
    );
    return exit.fine;
  }
}
