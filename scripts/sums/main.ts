import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { addRecord, keyOf, readRecords, type Wanted } from './record.js';
import { resultTable } from './table.js';
import { train } from './train.js';

const { values } = parseArgs({
  options: {
    base: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '20' },
    rollouts: { type: 'string', default: '32' },
    'eval-tasks': { type: 'string', default: '60' },
    'select-tasks': { type: 'string', default: '30' },
    minutes: { type: 'string' },
    out: { type: 'string', default: 'docs/results' },
    write: { type: 'boolean', default: false },
  },
});
if (values.base === undefined) throw new Error('name the base model: --base FOLDER');
mkdirSync(values.out, { recursive: true });
const path = join(values.out, 'sums.jsonl');
const done = new Set(readRecords(path).map(keyOf));
const until =
  values.minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + Number(values.minutes) * 60_000;
const sizes = {
  folder: values.base,
  evalTasks: Number(values['eval-tasks']),
  selectTasks: Number(values['select-tasks']),
};
for (let seed = 1; seed <= Number(values.seeds); seed++) {
  const { steps, rollouts } = { steps: Number(values.steps), rollouts: Number(values.rollouts) };
  const wanted: Wanted = { seed, steps, rollouts, model: basename(values.base) };
  if (values.write || done.has(keyOf(wanted)) || Date.now() > until) continue;
  console.error(keyOf(wanted));
  addRecord(path, await train(wanted, sizes, (line) => console.error(`  ${line}`)));
}
const records = readRecords(path);
if (records.length > 0) writeFileSync(join(values.out, 'sums.md'), resultTable(records));
console.log(records.length > 0 ? resultTable(records) : 'Nothing is on record yet.');
