import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { checkWorkflow, diskFiles } from '../../../src/workflow/index.js';

/** A workflow in the usual style: ten lines an artifact, seven lines an agent. */
function large(lines: number): string {
  const head = [
    'baton: 1',
    'models:',
    '  student: {provider: embedded}',
    'tasks:',
    '  - {prompt: go, rows: 3, kind: classification}',
  ];
  const pairs = Math.floor((lines - head.length - 2) / 17);
  const artifacts = Array.from({ length: pairs }, (_, at) => [
    `  part_${at}:`,
    `    path: parts/part_${at}.pkl`,
    '    kind: table # what is handed on',
    '    checks:',
    '      - rows == task.rows',
    '      - missing == 0',
    '      - task.kind not in columns',
    `      - ${at === 0 ? 'rows > 0' : `columns == part_${at - 1}.columns`}`,
    '      - {check: rows < 10 * task.rows, code: rows.mismatch, says: too many rows}',
    `    description: part ${at}`,
  ]);
  const agents = Array.from({ length: pairs }, (_, at) => [
    `  agent_${at}:`,
    `    role: Make part ${at} from the one before it.`,
    '    instructions: |',
    '      Work carefully on {{task.kind}} with {{task.rows}} rows.',
    '      Reply with one program.',
    at === 0 ? '    consumes: []' : `    consumes: [part_${at - 1}]`,
    `    produces: [part_${at}]`,
  ]);
  return [...head, 'artifacts:', ...artifacts.flat(), 'agents:', ...agents.flat(), ''].join('\n');
}

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
