import type { LogEvent } from './events.js';
import { RolloutPages, type RolloutRow } from './pages.js';
import type { RunFolder } from './run-folder.js';
import { scoresNow } from './verdicts.js';

/** Rows of a run with the verdicts that count by now: after other passes of a coach, and after what people said. */
export class ReviewedPages extends RolloutPages {
  /** `reviews`: what was added to the run later, by rollout; asked for each page. */
  constructor(
    folder: RunFolder,
    private readonly reviews: () => ReadonlyMap<string, readonly LogEvent[]>,
  ) {
    super(folder);
  }

  override page(from: number, size: number): RolloutRow[] {
    const reviews = this.reviews();
    return super.page(from, size).map((row) => now(row, reviews));
  }

  override find(rollout: string): RolloutRow | undefined {
    const row = super.find(rollout);
    return row && now(row, this.reviews());
  }
}

function now(row: RolloutRow, reviews: ReadonlyMap<string, readonly LogEvent[]>): RolloutRow {
  const later = reviews.get(row.rollout);
  return later ? { ...row, scores: scoresNow(row.scores, later) } : row;
}
