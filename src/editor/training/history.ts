import * as z from 'zod';
import { type Ended, evaluateRollouts, type Report } from '../../evaluation/index.js';
import { type EventData, isFork, type LogEvent } from '../../trace/index.js';
import { type SavedCheckpoint, savedCheckpoints, stepName } from '../../training/index.js';

const bound = z.number().nullable();
const interval = z.object({ mean: bound, low: bound, high: bound, n: z.number() });

/** What the log says of one role in one step; numbers that JSON cannot hold are null there. */
const roleReport = z.object({
  role: z.string(),
  skipped: z.string().nullable(),
  samples: z.number(),
  masked: z.number(),
  referenceKl: bound,
  approximateKl: bound,
  clipFraction: bound,
  gradientNorm: bound,
  behaviourGap: bound.default(null),
});
const stepReport = z.object({
  roles: z.array(roleReport),
  seconds: z.object({ sampling: z.number(), training: z.number() }),
  activity: z
    .record(
      z.string(),
      // Logs of before the interval was written have the mean alone.
      z.object({ length: z.number(), truncated: z.number(), lengths: interval.optional() }),
    )
    .default({}),
});
const evaluationReport = z.object({
  success: interval,
  byStratum: z.record(z.string(), interval),
  score: interval.optional(),
});

/** One whole training step: what the log reports, and its rollouts' means over tables. */
export interface TrainedStep {
  /** From 1. */
  step: number;
  report: z.infer<typeof stepReport>;
  all: Report;
  byStratum: Record<string, Report>;
}

export interface Evaluated {
  name: string;
  split: string;
  report: z.infer<typeof evaluationReport>;
}

/** A training run so far, from the events of its run.jsonl in their order. Rollouts of a whole step are let go. */
export class TrainingHistory {
  readonly steps = new Map<number, TrainedStep>();
  readonly evaluations = new Map<string, Evaluated>();
  readonly checkpoints = new Map<string, SavedCheckpoint>();
  readonly alarms: { code: string; message: string; step: number }[] = [];
  /** The last thing that went on, and how many of its rollouts have ended. */
  batch: { name: string; ended: number } | null = null;
  finished: EventData<'run.finished'> | null = null;
  private rows = new Map<string, Ended[]>();

  /** Take one event in. */
  add(event: LogEvent): void {
    switch (event.type) {
      case 'rollout.ended':
        this.ended(event.data);
        return;
      case 'rollout.reopened':
        this.reopened(event.data.rollout);
        return;
      case 'training.step':
        this.stepped(event.data.step + 1, event.data.report);
        return;
      case 'evaluation': {
        const report = evaluationReport.safeParse(event.data.report);
        if (!report.success) return;
        const { name, split } = event.data;
        this.evaluations.set(`${split}/${name}`, { name, split, report: report.data });
        this.rows.delete(`${split}-${name}`);
        return;
      }
      case 'checkpoint.saved':
        for (const saved of savedCheckpoints([event])) this.checkpoints.set(saved.name, saved);
        return;
      case 'alarm':
        this.alarms.push({ ...event.data, step: this.steps.size });
        return;
      case 'run.finished':
        this.finished = event.data;
        return;
      default:
        return;
    }
  }

  private ended(row: Ended): void {
    // A fork is looked at, not counted.
    if (isFork(row)) return;
    const rows = this.rows.get(row.step) ?? [];
    rows.push(row);
    this.rows.set(row.step, rows);
    this.batch = { name: row.step, ended: rows.length };
  }

  /** It is carried again: its row so far counts no more. */
  private reopened(rollout: string): void {
    for (const [step, rows] of this.rows) {
      const left = rows.filter((row) => row.rollout !== rollout);
      this.rows.set(step, left);
      if (this.batch?.name === step) this.batch = { name: step, ended: left.length };
    }
  }

  private stepped(step: number, raw: unknown): void {
    const report = stepReport.safeParse(raw);
    if (!report.success) return;
    const name = stepName(step);
    const rows = this.rows.get(name) ?? [];
    const strata = [...new Set(rows.map(({ stratum }) => stratum))].sort();
    this.steps.set(step, {
      step,
      report: report.data,
      all: evaluateRollouts(rows),
      byStratum: Object.fromEntries(
        strata.map((stratum) => [stratum, evaluateRollouts(rows.filter((row) => row.stratum === stratum))]),
      ),
    });
    this.rows.delete(name);
  }
}
