import { compareRollouts, evaluateRollouts, fairUnit, succeeded } from '../evaluation/index.js';
import type { Ended } from '../rollout/index.js';
import { RolloutPages, type RunFolder, readLog } from '../trace/index.js';
import { bestCheckpoint, savedCheckpoints } from '../training/index.js';
import { againCommand, endedOf, failedOf, openWords, printFailed } from './ended.js';
import { counted, exit, Failure, inert, type Terminal } from './terminal.js';
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
  const failed = { before: failedOf(a, left), after: failedOf(b, right) };
  terminal.emit({ before, after, change, failed });
  printComparison(terminal, before, after, change, `${a.name} and ${b.name}`);
  sayIncomplete(terminal, a, failed.before);
  if (b.name !== a.name) sayIncomplete(terminal, b, failed.after);
}

/** Say what is measured of a run that is not its team's doing, or is not measured yet. */
function sayIncomplete(terminal: Terminal, folder: RunFolder, failed: ReturnType<typeof failedOf>): void {
  const open = openWords(folder, new RolloutPages(folder).open());
  if (failed.length === 0 && open === null) return;
  terminal.say(`\n${folder.name}`);
  printFailed(terminal, failed);
  const count = failed.reduce((sum, { rollouts }) => sum + rollouts.length, 0);
  if (count > 0) {
    // A training carries no failed rollout again: it has learned without it.
    const again = folder.readInfo().kind === 'train' ? '' : `; when that is mended: ${againCommand(folder)}`;
    terminal.say(
      `${counted(count, 'rollout')} that failed so ${count === 1 ? 'counts' : 'count'} as not succeeded above${again}`,
    );
  }
  if (open) terminal.say(inert(open));
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
