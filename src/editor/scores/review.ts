import { userInfo } from 'node:os';
import * as l10n from '@vscode/l10n';
import { keepOverrule, type Overrule } from '../../trace/index.js';
import type { Run } from '../runs/run.js';
import type { Judged } from './comments.js';

/** A person's word on a verdict. */
export type Review = Omit<Overrule, 'author'>;

/** To agree is to say what counts now: the last person's word, else the judge's. */
export function agreed({ rollout, action, score }: Judged): Review {
  return { rollout, action, score, reason: l10n.t('Agreed.') };
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
export async function keepReview(run: Run, review: Review): Promise<void> {
  await keepOverrule(run.folder, { ...review, author: reviewer() });
}
