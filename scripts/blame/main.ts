import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { injectFaults, openTeam, runClean } from './measure.js';
import { blameReport } from './table.js';

const { values } = parseArgs({
  options: { python: { type: 'string' }, out: { type: 'string', default: 'docs/results' } },
});
const python = values.python ?? process.env.BATON_TEST_PYTHON ?? null;
if (!python)
  console.error(
    'Programs in pandas style are left out: name an interpreter with pandas and scikit-learn by --python.',
  );
const team = openTeam(process.cwd(), python);
const say = (text: string) => console.error(text);
const faults = await injectFaults(team, say);
const clean = await runClean(team, say);
const report = blameReport(faults, clean);
mkdirSync(values.out, { recursive: true });
writeFileSync(join(values.out, 'blame.md'), report);
console.log(report);
