import { readdirSync } from 'node:fs';
import {
  fromReviewed,
  type Happening,
  holderWords,
  type Lock,
  type LogEvent,
  type LogWriter,
  openReview,
  type RunFolder,
  readLog,
  reviewed,
  reviewLock,
  type Took,
  takeLock,
  tookOf,
  type Verdict,
} from '../trace/index.js';
import { exit, Failure } from './terminal.js';

/** One pass of a judge over a run, in a log of its own under reviews/. A pass that was not finished goes on. */
export class ReviewPass {
  private readonly done: Set<string>;
  private constructor(
    private readonly log: LogWriter,
    private readonly before: readonly LogEvent[],
    private readonly lock: Lock,
  ) {
    const judged = before.flatMap((event) =>
      event.type === 'verdict' ? (fromReviewed(event.data.action)?.rollout ?? []) : [],
    );
    this.done = new Set(judged);
    // Its verdicts may have been cut off in the middle: they are given again, and the later ones count.
    if (judged.length > 0) this.done.delete(judged.at(-1)!);
  }

  static async open(folder: RunFolder, writer: string): Promise<ReviewPass> {
    const taken = takeLock(reviewLock(folder, writer));
    if ('heldBy' in taken)
      throw new Failure(
        'run.locked',
        `${folder.name} is judged with ${writer} already, by ${holderWords(taken.heldBy, reviewLock(folder, writer))}; wait until it is done.`,
        exit.environment,
      );
    const own = readdirSync(folder.reviews)
      .filter((name) => name.startsWith(`${writer}-`) && name.endsWith('.jsonl'))
      .sort();
    const last = own.at(-1)?.replace(/\.jsonl$/, '');
    const open =
      last !== undefined &&
      !readLog(folder.review(last)).events.some((event) => event.type === 'run.finished');
    const { log, recovered } = await openReview(folder, open ? last : `${writer}-${Date.now()}`);
    return new ReviewPass(log, recovered.events, taken.lock);
  }

  /** Whether the verdicts of a rollout are there; they are written together. */
  has(rollout: string): boolean {
    return this.done.has(rollout);
  }

  /** The coach's calls that this pass bought for a rollout before it was stopped, named as the coach names them. */
  callsOf(rollout: string): LogEvent[] {
    return this.before.flatMap((event) => {
      if (event.type !== 'model.called') return [];
      const named = fromReviewed(event.data.action);
      if (named?.rollout !== rollout) return [];
      return [{ ...event, data: { ...event.data, action: named.action } }];
    });
  }

  /** What every call cost that this pass bought before it was stopped. */
  calls(): Took[] {
    return this.before.flatMap((event) => tookOf(event) ?? []);
  }

  /** Put something the judge bought on disk before it is used. */
  async bought(rollout: string, event: Happening): Promise<void> {
    const named =
      'action' in event.data && event.data.action !== null
        ? ({ ...event, data: { ...event.data, action: reviewed(rollout, event.data.action) } } as Happening)
        : event;
    this.log.append(named);
    await this.log.sync();
  }

  async judged(verdicts: readonly Verdict[]): Promise<void> {
    for (const data of verdicts) this.log.append({ type: 'verdict', data });
    await this.log.sync();
  }

  async finish(): Promise<void> {
    this.log.append({ type: 'run.finished', data: { status: 'done', reason: null, summary: null } });
    await this.log.sync();
  }

  async close(): Promise<void> {
    await this.log.close();
    this.lock.release();
  }
}
