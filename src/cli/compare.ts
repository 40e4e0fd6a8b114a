import { compareRollouts, evaluateRollouts, fairUnit, succeeded } from '../evaluation/index.js';
import type { Ended } from '../rollout/index.js';
import { type RunFolder, readLog } from '../trace/index.js';
import { bestCheckpoint, savedCheckpoints } from '../training/index.js';
import { endedOf } from './ended.js';
import { exit, Failure, type Terminal } from './terminal.js';
import { printComparison } from './train-report.js';

/** `baton compare`: two runs, paired by table. Of a training run what it measured last counts: its best checkpoint, on held-out tasks. */
export function compareCommand(terminal: Terminal, a: RunFolder, b: RunFolder): void {
  const [left, right] = [measuredBy(a), measuredBy(b)];
  const [before, after] = [evaluateRollouts(left), evaluateRollouts(right)];
  const change = {
    success: compareRollouts(left, right, succeeded),
    fair: compareRollouts(left, right, fairUnit),
  };
  const files = [a, b].map((each) => each.readInfo().file);
  if (files[0] !== files[1])
    terminal.note(
      `They ran different workflows (${files.join(' and ')}): what is called the same need not be it.`,
    );
  terminal.emit({ before, after, change });
  printComparison(terminal, before, after, change, `${a.name} and ${b.name}`);
}

function measuredBy(folder: RunFolder): Ended[] {
  const ended = endedOf(folder);
  if (folder.readInfo().kind !== 'train') return ended;
  const best = bestCheckpoint(savedCheckpoints(readLog(folder.log).events));
  const measured = ended.filter(({ step }) => step === `test-${best?.name}`);
  if (measured.length === 0)
    throw new Failure(
      'run.not-measured',
      `${folder.name} has not measured its best checkpoint on held-out tasks; name an evaluation of it, or let it go on.`,
      exit.usage,
    );
  return measured;
}
