import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { checkWorkflow, diskFiles } from '../../../src/workflow/index.js';
import { large } from '../../bench/large-workflow.js';

test('a file of 1,000 lines is checked in well under a keystroke', () => {
  const text = large(1000);
  expect(text.split('\n').length).toBeGreaterThan(980);
  const files = diskFiles(import.meta.dirname);
  const check = () => expect(checkWorkflow(text, 'a.baton.yaml', { files }).problems).toEqual([]);
  const times: number[][] = [[], []];
  for (let round = 0; round < 60; round++)
    for (const [at, work] of [check, () => parseDocument(text)].entries()) {
      const start = performance.now();
      work();
      if (round >= 20) times[at]!.push(performance.now() - start);
    }
  const [own, yaml] = times.map((all) => Math.min(...all)) as [number, number];
  console.log(
    `1,000 lines: ${own.toFixed(1)} ms at best (aim 16), the YAML library alone ${yaml.toFixed(1)}`,
  );
  // Other work on the machine makes every time longer, but not one beside the other.
  expect(own / yaml).toBeLessThan(3);
});
