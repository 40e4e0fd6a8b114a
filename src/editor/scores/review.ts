import { userInfo } from 'node:os';
import { LogWriter } from '../../trace/index.js';
import type { Run } from '../runs/run.js';

/** A person's word on a verdict. */
export interface Review {
  rollout: string;
  action: string;
  /** 0 to 10; null: the action cannot be judged and is masked. */
  score: number | null;
  reason: string;
}

/** Who reviews: the user of this machine, as a name that a file can have. */
export function reviewer(): string {
  try {
    return userInfo().username || 'someone';
  } catch {
    return 'someone';
  }
}

/** Keep a review in the run's log, with author and time. It is on disk when this resolves. */
export async function keepReview(run: Run, { rollout, action, score, reason }: Review): Promise<void> {
  const author = reviewer();
  const { log } = await LogWriter.open(run.folder.review(`editor-${author.replace(/[^\w-]/g, '_')}`));
  log.append({ type: 'overrule', data: { action: `${rollout}/${action}`, score, author, reason } });
  await log.close();
}
