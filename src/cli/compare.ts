import { compareRollouts, evaluateRollouts, fairUnit, pairRollouts, succeeded } from '../evaluation/index.js';
import type { Ended } from '../rollout/index.js';
import { RolloutPages, type RunFolder, readLog } from '../trace/index.js';
import { bestCheckpoint, savedCheckpoints } from '../training/index.js';
import { againCommand, endedOf, failedOf, openWords, printFailed } from './ended.js';
import { lostWords } from './report.js';
import { counted, exit, Failure, inert, type Terminal } from './terminal.js';
import { printComparison } from './train-report.js';

/** `baton compare`: two runs, on the samples of tasks that both have, paired by table. Of a training run what it measured last counts: its best checkpoint, on held-out tasks. */
export function compareCommand(terminal: Terminal, a: RunFolder, b: RunFolder): void {
  const all = { a: measuredBy(a), b: measuredBy(b) };
  const { a: left, b: right, leftOut } = pairRollouts(all.a, all.b);
  const [before, after] = [evaluateRollouts(left), evaluateRollouts(right)];
  const change = {
    success: compareRollouts(all.a, all.b, succeeded),
    fair: compareRollouts(all.a, all.b, fairUnit),
  };
  const files = [a, b].map((each) => each.readInfo().file);
  if (files[0] !== files[1])
    terminal.note(
      `They ran different workflows (${files.join(' and ')}): what is called the same need not be it.`,
    );
  const failed = { before: failedOf(a, all.a), after: failedOf(b, all.b) };
  const without = { before: restOf(leftOut.a), after: restOf(leftOut.b) };
  terminal.emit({ before, after, change, leftOut: without, failed });
  printComparison(terminal, before, after, change, `${a.name} and ${b.name}`);
  sayRest(terminal, a, without.before, b);
  sayRest(terminal, b, without.after, a);
  sayIncomplete(terminal, a, failed.before);
  if (b.name !== a.name) sayIncomplete(terminal, b, failed.after);
}

interface Rest {
  rollouts: number;
  tasks: string[];
}

function restOf(ended: readonly Ended[]): Rest {
  return { rollouts: ended.length, tasks: [...new Set(ended.map(({ task }) => task))] };
}

/** Say what one run has and the other has not: it would compare other tasks, not other work. */
function sayRest(terminal: Terminal, of: RunFolder, { rollouts, tasks }: Rest, other: RunFolder): void {
  if (rollouts === 0) return;
  const more = tasks.length > SHOWN ? ` and ${tasks.length - SHOWN} more` : '';
  const named = `${tasks.slice(0, SHOWN).join(', ')}${more}`;
  terminal.say(
    inert(`left out: ${counted(rollouts, 'rollout')} of ${of.name} that ${other.name} has not (${named})`),
  );
}

/** Tasks that are named of those that were left out. */
const SHOWN = 5;

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
    terminal.say(`${lostWords(count)} above${again}`);
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
