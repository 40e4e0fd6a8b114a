import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../options.js';
import { injectFaults, openTeam, runClean, whole } from './measure.js';
import { blameReport, isGood, resultOf } from './table.js';

const values = program(
  'blame',
  'Inject known faults into the table team on held-out tables; tell whom the contract coach blames.',
)
  .option('--python <path>', 'an interpreter with pandas and scikit-learn, for programs in their style')
  .option('--out <folder>', 'where the report goes', 'docs/results')
  .parse()
  .opts<{ python?: string; out: string }>();
const python = values.python || process.env.BATON_TEST_PYTHON || null;
if (!python)
  console.error(
    'Programs in pandas style are left out: name an interpreter with pandas and scikit-learn by --python.',
  );
const team = openTeam(process.cwd(), python);
const say = (text: string) => console.error(text);
const faults = await injectFaults(team, whole, say);
const clean = await runClean(team, whole, say);
const report = blameReport(faults, clean);
mkdirSync(values.out, { recursive: true });
writeFileSync(join(values.out, 'blame.md'), report);
console.log(report);
if (!isGood(resultOf(faults, clean))) {
  console.error('This is too little: 95 % of the faults, and no clean run, is what the coach is to reach.');
  process.exitCode = 1;
}
