import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openTeam, runClean } from '../blame/measure.js';
import { keyOf, plan } from './plan.js';
import { addRecord, readRecords } from './record.js';
import { train } from './train.js';
import { writeResults } from './write.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    only: { type: 'string' },
    rollouts: { type: 'string' },
    habits: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    out: { type: 'string', default: 'docs/results' },
    write: { type: 'boolean', default: false },
  },
});
mkdirSync(values.out, { recursive: true });
const path = join(values.out, 'table-team.jsonl');
const done = new Set(readRecords(path).map(keyOf));
const wanted = plan(Number(values.seeds)).filter(
  (setting) =>
    (values.only === undefined || values.only.split(',').includes(setting.reward)) &&
    (values.habits === 'all' || values.habits.split(',').includes(String(setting.habits))) &&
    (values.rollouts === undefined || values.rollouts.split(',').includes(String(setting.rollouts))),
);
const until =
  values.minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + Number(values.minutes) * 60_000;
for (const [at, setting] of wanted.entries()) {
  if (values.write || done.has(keyOf(setting)) || Date.now() > until) continue;
  console.error(`${at + 1} of ${wanted.length}: ${keyOf(setting)}`);
  addRecord(path, await train(setting, readRecords(path), (line) => console.error(`  ${line}`)));
}
const clean = await runClean(openTeam(process.cwd(), null), () => undefined);
const perfect = {
  success: clean.filter((each) => each.success).length / clean.length,
  rollouts: clean.length,
};
await writeResults(readRecords(path), values.out, perfect);
