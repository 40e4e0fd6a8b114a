import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { count, positive, program } from '../options.js';
import { addRecord, keyOf, readRecords, type Wanted } from './record.js';
import { resultTable } from './table.js';
import { train } from './train.js';

interface Given {
  base: string;
  seeds: number;
  steps: number;
  rollouts: number;
  evalTasks: number;
  selectTasks: number;
  minutes?: number;
  out: string;
  write: boolean;
}

const values = program(
  'experiment:lm',
  'Train an adapter a role of a language model on word problems; write what it reached. What is on record is not repeated.',
)
  .requiredOption('--base <folder>', 'the model (SmolLM2-135M-Instruct where none is given)')
  .option('--seeds <count>', 'trainings', count, 3)
  .option('--steps <count>', 'steps of each', count, 16)
  .option('--rollouts <count>', 'rollouts a step', count, 32)
  .option('--eval-tasks <count>', 'problems it is measured on', count, 60)
  .option('--select-tasks <count>', 'problems its checkpoints are ranked on', count, 24)
  .option('--minutes <count>', 'start no training after so many', positive)
  .option('--out <folder>', 'where the record is and the results go', 'docs/results')
  .option('--write', 'train nothing: write the results of the record again', false)
  .parse()
  .opts<Given>();
mkdirSync(values.out, { recursive: true });
const path = join(values.out, 'sums.jsonl');
const done = new Set(readRecords(path).map(keyOf));
const until = Date.now() + (values.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
const { base: folder, steps, rollouts, evalTasks, selectTasks } = values;
for (let seed = 1; seed <= values.seeds; seed++) {
  const wanted: Wanted = { seed, steps, rollouts, model: basename(folder) };
  if (values.write || done.has(keyOf(wanted)) || Date.now() > until) continue;
  console.error(keyOf(wanted));
  addRecord(
    path,
    await train(wanted, { folder, evalTasks, selectTasks }, (line) => console.error(`  ${line}`)),
  );
}
const records = readRecords(path);
if (records.length > 0) writeFileSync(join(values.out, 'sums.md'), resultTable(records));
console.log(records.length > 0 ? resultTable(records) : 'Nothing is on record yet.');
