import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { agentsIn, checkWorkflow, diskFiles, formatProblem } from '../../../src/workflow/index.js';

const path = join(import.meta.dirname, '../../../media/templates/table-team/table-team.baton.yaml');

test('the shipped template has no problem', () => {
  const files = diskFiles(dirname(path));
  const { workflow, problems } = checkWorkflow(readFileSync(path, 'utf8'), path, {
    files,
    embeddedRoles: ['data_engineer', 'modeler', 'analyst'],
  });
  expect(problems.filter((problem) => !/lib|tables/.test(problem.message)).map(formatProblem)).toEqual([]);
  expect(workflow && agentsIn(workflow.flow)).toEqual(['data_engineer', 'modeler', 'analyst']);
});

test('its tables: enough of each kind to learn from, to choose on and to measure on, none twice, each with its licence', () => {
  const folder = join(dirname(path), 'tables');
  const { tables } = parse(readFileSync(join(folder, 'tables.yaml'), 'utf8')) as {
    tables: Record<'name' | 'file' | 'kind' | 'split' | 'licence' | 'source', string>[];
  };
  expect(tables.length).toBeGreaterThanOrEqual(24);
  expect(new Set(tables.map(({ name }) => name)).size).toBe(tables.length);
  const bytes = tables.map(({ file }) => readFileSync(join(folder, file), 'utf8'));
  expect(new Set(bytes).size).toBe(tables.length);
  for (const each of tables) expect(each.licence && each.source, each.name).toBeTruthy();
  for (const kind of ['classification', 'regression']) {
    const count = (split: string) =>
      tables.filter((each) => each.kind === kind && each.split === split).length;
    expect(count('test'), `${kind} in test`).toBeGreaterThanOrEqual(4);
    expect(count('select'), `${kind} in select`).toBeGreaterThanOrEqual(3);
    expect(count('train'), `${kind} in train`).toBeGreaterThanOrEqual(1);
  }
});
