import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { curves, temperatures } from './plot.js';
import type { Trained } from './record.js';
import { resultTable } from './table.js';

/** Write the table and the plots of what is on record. */
export async function writeResults(
  records: readonly Trained[],
  out: string,
  perfect: { success: number; rollouts: number } | null,
): Promise<void> {
  if (records.length === 0) return;
  const table = resultTable(records, perfect);
  writeFileSync(join(out, 'table-team.md'), table);
  writeFileSync(join(out, 'curves.svg'), await curves(records));
  writeFileSync(join(out, 'temperatures.svg'), await temperatures(records));
  console.log(table);
}
