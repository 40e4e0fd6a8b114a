import { followLog, isFork, type RolloutRow } from '../../trace/index.js';
import type { Run } from '../runs/run.js';

/**
 * The rollouts of a run as they end, until it has finished or no process writes it any more: one that is killed says
 * nothing of it. A pause in between, by hand or for an editor, is no end.
 */
export async function* rolloutsOf(run: Pick<Run, 'folder' | 'live'>): AsyncGenerator<RolloutRow> {
  for await (const event of followLog(run.folder.log, new AbortController().signal, () => run.live)) {
    // A fork is looked at, not counted.
    if (event.type === 'rollout.ended' && !isFork(event.data)) yield event.data;
    if (event.type === 'run.finished') return;
  }
}
