import { capIn } from '../rollout/index.js';
import type { RunFolder } from '../trace/index.js';
import { runWord } from './find-run.js';
import { commandName } from './terminal.js';

/** How to go on with a run that a cap stopped: the command with twice the cap, or with some where it was none. */
export function raiseCommand(folder: RunFolder, spent: string | null): string {
  const found = capIn(spent ?? '');
  const higher = found ? ` --${found.name} ${found.most * 2 || 1}` : '';
  return `${commandName()} resume ${runWord(folder)}${higher}`;
}
