import { expect, it } from 'vitest';
import { checkWorkflow, diskFiles, loadTasks } from '../../../src/workflow/index.js';
import { wordProblems } from '../../../src/workflow/tasks/problems.js';

const family = {
  count: 60,
  kinds: ['add' as const, 'subtract' as const, 'multiply' as const],
  largest: 9,
  seed: 3,
};

it('word problems say their numbers, have the right answer, and are never negative', () => {
  const tasks = wordProblems(family);
  expect(tasks).toHaveLength(60);
  for (const { prompt, fields } of tasks) {
    const [a, sign, b] = String(fields.calculation).split(' ');
    expect(prompt).toContain(` ${a} `);
    expect(prompt).toMatch(new RegExp(`\\b${b}\\b`));
    const found = { '+': Number(a) + Number(b), '-': Number(a) - Number(b), '*': Number(a) * Number(b) }[
      sign!
    ];
    expect(fields.answer).toBe(found);
    expect(found).toBeGreaterThanOrEqual(0);
    expect(Math.max(Number(a), Number(b))).toBeLessThanOrEqual(9);
  }
  expect(new Set(tasks.map(({ prompt }) => prompt)).size).toBe(60);
});

it('word problems are the same for the same seed, others for another, and fewer where numbers run out', () => {
  expect(wordProblems(family)).toEqual(wordProblems(family));
  expect(wordProblems({ ...family, seed: 4 })).not.toEqual(wordProblems(family));
  const few = wordProblems({ count: 500, kinds: ['add'], largest: 2, seed: 1 });
  expect(few.length).toBeLessThanOrEqual(80);
});

const files = diskFiles(import.meta.dirname);
const workflow = (given: string, check: string) =>
  checkWorkflow(
    `baton: 1
models: {m: {provider: embedded}}
tasks: {family: {problems: ${given}}, split: {train: 0.6, select: 0.2, test: 0.2}}
artifacts: {answer: {kind: message, checks: ["${check}"]}}
agents: {a: {role: Answer., produces: [answer]}}
`,
    'a.baton.yaml',
    { files },
  );

it('a workflow takes them by the family, splits them, and knows their fields', () => {
  const { tasks } = loadTasks(
    { family: { problems: family }, files: [], hidden: [], split: { train: 0.6, select: 0.2, test: 0.2 } },
    files,
  );
  expect(new Set(tasks.map(({ split }) => split))).toEqual(new Set(['train', 'select', 'test']));
  expect(workflow('{count: 9}', 'number == task.answer').problems).toEqual([]);
  const messages = (given: string, check: string) =>
    workflow(given, check).problems.map(({ message }) => message);
  expect(messages('{count: 9}', 'number == task.train_rows').join()).toContain('train_rows');
  expect(messages('{cuont: 9}', 'number == task.answer').join()).toContain('"cuont" is not a key here');
});
