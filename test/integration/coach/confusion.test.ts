import { join } from 'node:path';
import { expect, test } from 'vitest';
import { injectFaults, openTeam, runClean, sample } from '../../../scripts/blame/measure.js';
import { blameReport, isGood, resultOf } from '../../../scripts/blame/table.js';

const python = process.env.BATON_TEST_PYTHON ?? null;

// A sample; `npm run blame` runs all.
test.skipIf(python === null)(
  'known faults in at least three spellings each are charged to the right role, and clean work to nobody',
  { timeout: 1_800_000 },
  async () => {
    const team = openTeam(join(import.meta.dirname, '../../..'), python);
    const say = () => undefined;
    const [faults, clean] = [await injectFaults(team, sample, say), await runClean(team, sample, say)];
    expect(isGood(resultOf(faults, clean)), blameReport(faults, clean)).toBe(true);
    expect(clean).toHaveLength(66);
    for (const fault of new Set(faults.map((each) => `${each.role}/${each.fault}`))) {
      const own = faults.filter((each) => `${each.role}/${each.fault}` === fault);
      expect(new Set(own.map((each) => each.spelling)).size, fault).toBeGreaterThanOrEqual(3);
      expect(new Set(own.map((each) => each.task)).size, fault).toBeGreaterThanOrEqual(4);
    }
  },
);
