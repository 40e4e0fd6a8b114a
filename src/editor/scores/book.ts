import type { Host } from '../host.js';
import type { Run } from '../runs/run.js';
import { type RunScores, ScoreBook } from './stats.js';

/** Scores of runs, each run's log read once and then only where it grew. */
export class Scores {
  private readonly books = new WeakMap<
    Run,
    { book: ScoreBook; read: number; reviewed: string; leftOut: number }
  >();

  constructor(readonly host: Host) {}

  of(run: Run): RunScores {
    const { reviewed } = run;
    // Where rollouts were taken up again, what was read of them counts no more.
    const { leftOut } = run.pages;
    let known = this.books.get(run);
    if (!known || known.reviewed !== reviewed || known.leftOut !== leftOut) {
      known = { book: new ScoreBook(), read: 0, reviewed, leftOut };
      this.books.set(run, known);
    }
    const count = run.pages.count();
    for (; known.read < count; known.read += 500)
      known.book.add(run.pages.page(known.read, Math.min(500, count - known.read)));
    known.read = count;
    return known.book.read();
  }
}
