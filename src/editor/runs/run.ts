import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { type Alone, aloneSchema } from '../../rollout/index.js';
import {
  Blobs,
  type Counted,
  countedVerdicts,
  decodeLine,
  endingOf,
  isForkName,
  type LogEvent,
  LogTail,
  lockOwner,
  ReviewedPages,
  type RolloutPages,
  type RunFolder,
  type RunInfo,
  readLog,
} from '../../trace/index.js';
import { fileStamp, folderStamp } from '../stamp.js';
import { reviewsOf } from './reviews.js';

export type RunState = 'running' | 'paused' | 'done' | 'cancelled' | 'budget' | 'failed' | 'stopped';

type TrainingStep = Extract<LogEvent, { type: 'training.step' }>;

interface Ending {
  state: RunState;
  success: number | null;
  lost: number;
}

/** A run as the editor sees it: what its folder says, nothing kept in memory that grows with it. */
export class Run {
  readonly key: string;
  readonly pages: RolloutPages;
  readonly blobs: Blobs;
  private branches = { leftOut: 0, read: 0, forks: 0 };
  private kept: (Ending & { stamp: string }) | undefined;
  private text: string | undefined;
  private trained: { tail: LogTail; steps: TrainingStep[] } | undefined;

  private constructor(
    readonly folder: RunFolder,
    readonly info: RunInfo,
    /** Shipped with the extension: nobody's own run. */
    readonly sample: boolean,
  ) {
    this.key = keyOf(folder.path);
    this.pages = new ReviewedPages(folder, () => this.allReviews());
    this.blobs = new Blobs(folder.blobs);
  }

  /** Open a run's folder, or say in one sentence why it cannot be read. */
  static open(folder: RunFolder, sample: boolean): Run | { unreadable: string; folder: RunFolder } {
    try {
      return new Run(folder, folder.readInfo(), sample);
    } catch (error) {
      return { unreadable: (error as Error).message, folder };
    }
  }

  /** How many rollouts it means to carry; 0 where that is not known (training). */
  get planned(): number {
    const { samples } = this.info.options;
    const each = this.alone?.before.rollouts ?? this.info.tasks.length;
    return this.info.kind === 'train' ? 0 : each * (typeof samples === 'number' ? samples : 1);
  }

  /** The one role that acted anew, and what came of the same rollouts before; null where all acted. */
  get alone(): Alone | null {
    return aloneSchema.safeParse(this.info.options.alone).data ?? null;
  }

  /** Whether it is a run of this workflow file: also where its folder was moved, copied, or is reached by a link. */
  isOf(path: string): boolean {
    const { file } = this.info;
    if (file === path) return true;
    if (basename(file) !== basename(path)) return false;
    return realOf(dirname(path)) === realOf(this.folder.home) || realOf(file) === realOf(path);
  }

  /** The workflow's file: beside the runs, which may have been moved or come with a clone; else where it was. */
  get workflowFile(): string {
    const beside = join(this.folder.home, basename(this.info.file));
    return existsSync(beside) ? beside : this.info.file;
  }

  /** Its text of the workflow. */
  get workflow(): string {
    this.text ??= this.blobs.text(this.info.workflow);
    return this.text;
  }

  /** Whether a text, as the editor has it open, is still that of its workflow: an editor makes all line ends the same. */
  ranWith(text: string): boolean {
    return plain(text) === plain(this.workflow);
  }

  state(): RunState {
    return this.now().state;
  }

  /**
   * The share that succeeded of its rollouts that came to their end, 0 to 1; null where none did, while it goes on, and
   * of a training.
   */
  get success(): number | null {
    return this.now().success;
  }

  /** How many of its rollouts came to no end, of no agent's doing; 0 while it goes on. */
  get lost(): number {
    return this.now().lost;
  }

  /** How many of its ended rollouts are branches: they are looked at, and no part of what was measured. */
  get forks(): number {
    const { pages } = this;
    const { leftOut } = pages;
    const known = this.branches.leftOut === leftOut ? this.branches : { leftOut, read: 0, forks: 0 };
    const names = pages.names(known.read);
    const forks = known.forks + names.filter(isForkName).length;
    this.branches = { leftOut, read: known.read + names.length, forks };
    return forks;
  }

  /** Why a rollout came to no end, as its log has it; null where it does not say. */
  lostReason(rollout: string): string | null {
    return endingOf(readLog(this.folder.rollout(rollout)).events)?.reason ?? null;
  }

  private now(): Ending {
    const { live } = this;
    const stamp = `${fileStamp(this.folder.log)}/${live}`;
    if (this.kept?.stamp !== stamp) {
      const events = lastEvents(this.folder.log);
      this.kept = {
        stamp,
        state: stateOf(events, live),
        ...(live ? { success: null, lost: 0 } : measuredBy(events)),
      };
    }
    return this.kept;
  }

  /** Another one where something that its rows show may have changed. */
  stamp(): string {
    return `${this.state()}/${fileStamp(this.folder.log)}/${this.pages.count()}/${this.reviewed}`;
  }

  /** Another one where somebody judged again, or a person said something. */
  get reviewed(): string {
    return folderStamp(this.folder.reviews);
  }

  /** Whether its folder was deleted or moved away. */
  get gone(): boolean {
    return !existsSync(this.folder.path);
  }

  /** Whether a process writes it now. */
  get live(): boolean {
    return lockOwner(this.folder.lock) !== undefined;
  }

  /** Why it is paused, as the log has it; null where it is not. */
  get pausedFor(): string | null {
    if (this.state() !== 'paused') return null;
    const last = this.tail().findLast((event) => event.type === 'run.paused');
    return last?.type === 'run.paused' ? last.data.why : null;
  }

  /** The end of the log. */
  tail(): LogEvent[] {
    return lastEvents(this.folder.log);
  }

  /** The last steps of a training. Only what was added since is read: the rollouts of one step may fill a long log. */
  steps(): readonly TrainingStep[] {
    this.trained ??= { tail: new LogTail(this.folder.log), steps: [] };
    const { tail, steps } = this.trained;
    for (let found = tail.read(); found; found = tail.read())
      for (const { event } of found) if (event.type === 'training.step') steps.push(event);
    steps.splice(0, steps.length - STEPS);
    return steps;
  }

  /** The verdicts that count for a rollout, with what people said since. Actions without their rollout's id. */
  verdicts(rollout: string, events: readonly LogEvent[]): Map<string, Counted> {
    return countedVerdicts([...events, ...this.reviews(rollout)]);
  }

  /** Whether a person overruled what a coach says of an action. */
  isOverruled(rollout: string, action: string): boolean {
    return this.reviews(rollout).some((event) => event.type === 'overrule' && event.data.action === action);
  }

  /** Reviews of every rollout that has some: verdicts of another pass and overrules. */
  allReviews(): ReadonlyMap<string, readonly LogEvent[]> {
    return reviewsOf(this.folder);
  }

  /** Reviews of one rollout. */
  reviews(rollout: string): readonly LogEvent[] {
    return this.allReviews().get(rollout) ?? [];
  }
}

/** A short name for a run's folder, for addresses of documents. */
export function keyOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16);
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

const TAIL = 1 << 18;
/** How many steps of a training are kept. */
const STEPS = 20;

function lastEvents(path: string): LogEvent[] {
  if (!existsSync(path)) return [];
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(TAIL, size));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes.toString('utf8').split('\n');
    return (bytes.length < size ? lines.slice(1) : lines).flatMap((line) => {
      const decoded = line === '' ? null : decodeLine(line, null);
      return decoded && 'event' in decoded ? [decoded.event] : [];
    });
  } finally {
    closeSync(file);
  }
}

const summary = z.object({ success: z.unknown(), lost: z.number().optional() });

function measuredBy(events: readonly LogEvent[]): Omit<Ending, 'state'> {
  const last = events.findLast((event) => event.type === 'run.finished');
  const { success, lost = 0 } = summary.safeParse(last?.data.summary).data ?? {};
  return { success: typeof success === 'number' ? success : null, lost };
}

function stateOf(events: readonly LogEvent[], live: boolean): RunState {
  const last = events.findLast((event) =>
    live ? /^run\./.test(event.type) : event.type === 'run.finished' || event.type === 'run.paused',
  );
  if (live) return last?.type === 'run.paused' ? 'paused' : 'running';
  if (last?.type === 'run.finished') return last.data.status;
  if (last?.type === 'run.paused') return /budget/.test(last.data.why) ? 'budget' : 'cancelled';
  return 'stopped';
}

function plain(text: string): string {
  return text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
}
