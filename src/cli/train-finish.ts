import { compareRollouts, evaluateRollouts, fairUnit, succeeded } from '../evaluation/index.js';
import type { Trained } from '../training/index.js';
import { runWord } from './find-run.js';
import { printBlame, summarise } from './report.js';
import type { OpenRun } from './start-run.js';
import { commandName, exit, type Terminal } from './terminal.js';
import { printComparison } from './train-report.js';

/** Log and print what training came to: before and after on held-out tasks. */
export async function finishTraining(
  terminal: Terminal,
  run: OpenRun,
  { best, before, after }: Trained,
): Promise<number> {
  const [was, now] = [evaluateRollouts(before), evaluateRollouts(after)];
  const change = {
    success: compareRollouts(before, after, succeeded),
    fair: compareRollouts(before, after, fairUnit),
  };
  const last = summarise(after);
  const blame = { before: summarise(before).blame, after: last.blame };
  const summary = { best: best.name, policies: best.policies, before: was, after: now, change, blame };
  run.log.append({
    type: 'run.finished',
    data: { status: 'done', reason: null, summary: summary as never },
  });
  await run.log.sync();
  terminal.emit({ event: 'run.finished', run: run.folder.name, status: 'done', summary });
  printComparison(terminal, was, now, change);
  terminal.say();
  printBlame(terminal, last);
  terminal.say(`\nbest checkpoint (chosen on select): ${best.name}\nlog: ${run.folder.path}`);
  terminal.say(`next: ${commandName()} why ${runWord(run.folder)}`);
  terminal.say(`      ${commandName()} eval --from ${runWord(run.folder)} --temperature 0`);
  terminal.say('      edit the workflow and train again');
  return exit.fine;
}
