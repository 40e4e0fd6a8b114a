import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { LogWriter, reviewed } from '../../trace/index.js';
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
  const path = run.folder.review(`editor-${author.replace(/[^\w-]/g, '_')}`);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const { log } = await LogWriter.open(path);
  log.append({ type: 'overrule', data: { action: reviewed(rollout, action), score, author, reason } });
  await log.close();
}
