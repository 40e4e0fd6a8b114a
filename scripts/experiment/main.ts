import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openTeam, runClean, whole } from '../blame/measure.js';
import { among, count, positive, program } from '../options.js';
import { keyOf, plan } from './plan.js';
import { addRecord, readRecords } from './record.js';
import { train } from './train.js';
import { writeResults } from './write.js';

interface Given {
  seeds: number;
  only?: string[];
  rollouts?: string[];
  wrong: string[];
  backend: string;
  minutes?: number;
  out: string;
  write: boolean;
}

const values = program(
  'experiment',
  'Train the table team over seeds beside its controls; write table and plots. What is on record is not repeated.',
)
  .option('--seeds <count>', 'seeds of each setting', count, 5)
  .option(
    '--only <rewards>',
    'action, outcome, shuffled, with commas',
    among(['action', 'outcome', 'shuffled']),
  )
  .option('--rollouts <counts>', 'rollouts a step: 8, 16, 48, with commas', among([8, 16, 48]))
  .option('--wrong <factors>', 'odds of slips and wrong habits: 0.5, 1, 2, with commas', among([0.5, 1, 2]), [
    '1',
  ])
  .option('--backend <name>', 'of the engine: auto, native-cpu, native-gpu or wasm', 'auto')
  .option('--minutes <count>', 'start no training after so many', positive)
  .option('--out <folder>', 'where the record is and the results go', 'docs/results')
  .option('--write', 'train nothing: write the results of the record again', false)
  .parse()
  .opts<Given>();
mkdirSync(values.out, { recursive: true });
const path = join(values.out, 'table-team.jsonl');
const wanted = plan(values.seeds).filter(
  (setting) =>
    (values.only === undefined || values.only.includes(setting.reward)) &&
    values.wrong.includes(String(setting.wrong)) &&
    (values.rollouts === undefined || values.rollouts.includes(String(setting.rollouts))),
);
const until = Date.now() + (values.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
for (const [at, setting] of wanted.entries()) {
  // Read again each time: two of these at once, over different settings, share one record.
  const known = readRecords(path);
  if (values.write || known.some((each) => keyOf(each) === keyOf(setting)) || Date.now() > until) continue;
  console.error(`${at + 1} of ${wanted.length}: ${keyOf(setting)}`);
  addRecord(path, await train(setting, known, values.backend, (line) => console.error(`  ${line}`)));
}
const clean = await runClean(openTeam(process.cwd(), null), whole, () => undefined);
const perfect = {
  success: clean.filter((each) => each.success).length / clean.length,
  rollouts: clean.length,
};
await writeResults(readRecords(path), values.out, perfect);
