import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
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
