import { driftAlarm, evaluateRollouts, type Report } from '../../evaluation/index.js';
import {
  capThatStopped,
  type Ended,
  type RolloutSpec,
  rolloutId,
  runBatch,
  specsFor,
} from '../../rollout/index.js';
import type { LogEvent } from '../../trace/index.js';
import { randomFrom, shuffled, type Task } from '../../workflow/index.js';
import type { RoleReport } from '../update.js';
import { type LoopParts, rolloutsAStep } from './parts.js';
import { activityOf, type StepReport, successByStratum, successOf } from './report.js';
import { trainRoles } from './roles.js';
import {
  bestCheckpoint,
  type Recovered,
  type RoleProgress,
  recoverTraining,
  type SavedCheckpoint,
  stepName,
} from './state.js';

export type Splits = Record<'train' | 'select' | 'test', readonly Task[]>;

export interface Trained {
  best: SavedCheckpoint;
  checkpoints: SavedCheckpoint[];
  before: Ended[];
  after: Ended[];
}

/** A cap of the budget was reached: what is trained so far stays. */
export class TrainingBudgetSpent extends Error {
  constructor(readonly cap: string) {
    super(`The budget is spent: ${cap}.`);
  }
}

/** Every rollout of a step or a measurement failed, of no agent's doing: there is nothing to learn from or to measure. */
export class EveryRolloutFailed extends Error {
  constructor(
    readonly label: string,
    readonly ended: readonly Ended[],
  ) {
    super(`All ${ended.length} rollouts failed: ${label}.`);
  }
}

/**
 * The training loop: measure the untrained team on test, train on train, rank checkpoints on select, measure the best
 * on test. Everything it knows is read from the run's log, so that a run that was stopped goes on at its last whole
 * step: rollouts of a broken step are taken from the log, and updates that were applied are not applied again.
 */
export class TrainingLoop {
  private readonly known: Recovered;
  private roles: Record<string, RoleProgress>;
  private baseSelect: Report | null = null;

  private constructor(
    private readonly parts: LoopParts,
    recovered: Recovered,
  ) {
    this.known = recovered;
    this.roles = recovered.roles;
  }

  static async open(parts: LoopParts): Promise<TrainingLoop> {
    const { base_hash } = await parts.client.health();
    const recovered = recoverTraining(parts.folder, parts.roles, base_hash, parts.workflow.training);
    for (const [role, { version }] of Object.entries(recovered.roles))
      parts.policies[role] = `${role}@${version}`;
    return new TrainingLoop(parts, recovered);
  }

  /** The step that comes next, from 0: above 0 where a stopped run goes on. */
  get next(): number {
    return this.known.next;
  }

  /** Measure the untrained team on held-out tasks. */
  async measureBase(splits: Splits): Promise<Ended[]> {
    // In a run that goes on this was measured before anything was trained, and is read from the log.
    return this.evaluate('base', 'test', splits.test);
  }

  /** All steps that are still to do; null where it was cancelled. */
  async train(splits: Splits, before: Ended[]): Promise<Trained | null> {
    const { training } = this.parts.workflow;
    if (!this.stopped()) await this.checkpointOnce('base', 0, splits.select);
    for (let step = 0; step < training.steps && !this.stopped(); step++) {
      if (step >= this.known.next) await this.step(step, splits.train);
      const due = training.evaluate_every > 0 && (step + 1) % training.evaluate_every === 0;
      const behind = step < this.known.next - 1;
      if ((due || step === training.steps - 1) && !this.stopped() && !behind)
        await this.checkpointOnce(`step-${step + 1}`, step + 1, splits.select);
    }
    if (this.stopped()) return null;
    const { checkpoints } = this.known;
    const best = bestCheckpoint(checkpoints)!;
    Object.assign(this.parts.policies, best.policies);
    const after = await this.evaluate(best.name, 'test', splits.test);
    return this.stopped() ? null : { best, checkpoints, before, after };
  }

  get checkpoints(): readonly SavedCheckpoint[] {
    return this.known.checkpoints;
  }

  /** Whether it was cancelled; throws TrainingBudgetSpent where its minutes are over. */
  private stopped(): boolean {
    const { signal } = this.parts.deps;
    const cap = capThatStopped(signal);
    if (cap !== null) throw new TrainingBudgetSpent(cap);
    return signal.aborted;
  }

  private async evaluate(name: string, split: string, tasks: readonly Task[]): Promise<Ended[]> {
    const { ended } = await this.rollouts(tasks, 1, `${split}-${name}`, `${name} on ${split}`);
    const report = evaluateRollouts(ended);
    const { log, policies, watch } = this.parts;
    if (this.stopped()) return ended;
    // The best checkpoint may be the base, which was measured before.
    if (!this.known.evaluated.has(`${split}/${name}`))
      log.append({
        type: 'evaluation',
        data: { name, split, policies: { ...policies }, report: report as never },
      });
    this.known.evaluated.add(`${split}/${name}`);
    watch.evaluated(name, split, report, ended);
    return ended;
  }

  private async checkpointOnce(name: string, step: number, tasks: readonly Task[]): Promise<void> {
    const { log, policies, client, watch } = this.parts;
    const done = this.known.checkpoints.some((each) => each.name === name);
    // The first evaluation is what later ones drift from: it is read again, not paid again.
    if (done && (name !== 'base' || this.baseSelect)) return;
    const report = evaluateRollouts(await this.evaluate(name, 'select', tasks));
    if (this.stopped()) return;
    if (!done) {
      const versions = Object.fromEntries(
        Object.keys(this.roles).map((role) => [role, policies[role]!.split('@')[1]!]),
      );
      const saved = await client.checkpoints({ action: 'save', name, policies: versions });
      const hashes = saved.find((each) => each.name === name)?.policies ?? {};
      const data: SavedCheckpoint = {
        name,
        step,
        policies: { ...policies },
        rank: report.rank,
        hashes: Object.fromEntries(Object.entries(hashes).map(([role, { hash }]) => [role, hash])),
      };
      log.append({ type: 'checkpoint.saved', data });
      await log.sync();
      this.known.checkpoints.push(data);
      watch.checkpoint(data, report);
    }
    const alarm = this.baseSelect && driftAlarm(this.baseSelect, report);
    this.baseSelect ??= report;
    if (!alarm) return;
    log.append({ type: 'alarm', data: { code: 'strata.diverge', message: alarm } });
    watch.alarm(alarm);
  }

  /** Carry rollouts of tasks with the policies of now; those that the log has are read from it. In the order asked. */
  private async rollouts(
    tasks: readonly Task[],
    samples: number,
    step: string,
    label: string,
  ): Promise<{ ended: Ended[]; events: Map<string, LogEvent[]> }> {
    const { folder, log, deps, concurrency, watch, policies } = this.parts;
    const specs = specsFor(tasks, samples, step, policies);
    await this.parts.elsewhere?.(specs);
    const found = new Map<string, { ended: Ended; events: LogEvent[] }>();
    const again = this.takeUp(specs);
    const { spent } = await runBatch(
      folder,
      log,
      specs,
      { ...deps, again },
      {
        concurrency,
        known: this.known.known,
        onEnded: (ended, events) => {
          found.set(`${ended.task} ${ended.sample}`, { ended, events });
          watch.rolloutEnded(ended);
          watch.progress(label, found.size, specs.length);
        },
      },
    );
    if (spent !== null) throw new TrainingBudgetSpent(spent);
    const ordered = specs.flatMap(({ task, sample }) => found.get(`${task} ${sample}`) ?? []);
    if (ordered.length === specs.length && ordered.every(({ ended }) => ended.status === 'failed'))
      throw new EveryRolloutFailed(
        label,
        ordered.map(({ ended }) => ended),
      );
    // The same may be asked for again in this sitting.
    for (const { ended } of ordered) this.known.known.add(ended.rollout);
    return {
      ended: ordered.map((each) => each.ended),
      events: new Map(ordered.map((each) => [each.ended.rollout, each.events])),
    };
  }

  /** Which rollouts are carried again: all of them where all had failed in an earlier sitting, and what one left open. */
  private takeUp(specs: readonly RolloutSpec[]): ReadonlySet<string> {
    const { known, failed, open } = this.known;
    const all = specs.map(rolloutId);
    if (!all.every((rollout) => failed.has(rollout))) return open;
    for (const rollout of all) {
      this.parts.log.append({ type: 'rollout.reopened', data: { rollout } });
      known.delete(rollout);
    }
    return new Set([...open, ...all]);
  }

  private async step(step: number, tasks: readonly Task[]): Promise<void> {
    const { workflow, log, watch, policies } = this.parts;
    const { training } = workflow;
    const start = performance.now();
    const count = rolloutsAStep(training, tasks.length) / training.samples;
    const chosen = shuffled(tasks, randomFrom(`${training.seed}/tasks/${step}`)).slice(0, count);
    const name = stepName(step + 1);
    const label = `step ${step + 1}/${training.steps}`;
    const { ended, events } = await this.rollouts(chosen, training.samples, name, label);
    if (this.stopped()) return;
    const sampled = performance.now();
    const trained = await trainRoles(this.parts, this.roles, {
      step,
      ended,
      events,
      updated: this.known.updated,
    }).catch((error: unknown) => {
      if (this.stopped()) return null;
      throw error;
    });
    if (trained === null) return;
    this.roles = trained.roles;
    for (const [role, { version }] of Object.entries(this.roles)) policies[role] = `${role}@${version}`;
    const reports: RoleReport[] = trained.reports;
    const report: StepReport = {
      step,
      success: successOf(ended),
      byStratum: successByStratum(ended),
      seconds: { sampling: (sampled - start) / 1000, training: (performance.now() - sampled) / 1000 },
      roles: reports,
      activity: activityOf(ended, events, training.reward_scale),
      state: this.roles,
    };
    log.append({ type: 'training.step', data: { step, report: report as never } });
    await log.sync();
    await this.dropBetween(reports);
    watch.stepped(report, training.steps);
  }

  /** Delete the versions between a step's first and last: nothing acts with them, and the step is on record. */
  private async dropBetween(reports: readonly RoleReport[]): Promise<void> {
    const policies = reports.flatMap(({ role, from, updates }) => {
      const first = from === 'v0' ? 0 : Number(from.slice(1));
      return Array.from({ length: Math.max(0, updates - 1) }, (_, at) => `${role}@v${first + at + 1}`);
    });
    if (policies.length > 0) await this.parts.client.checkpoints({ action: 'delete', policies });
  }
}
