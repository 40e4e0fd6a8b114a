import { expect, test } from 'vitest';
import { judgeByContracts } from '../../../src/coach/contracts.js';
import { checkWorkflow, diskFiles, type Workflow } from '../../../src/workflow/index.js';

const { workflow } = checkWorkflow(
  `baton: 1
models: {m: {provider: openai, base_url: "http://127.0.0.1:1/v1", model: m}}
tasks: [{prompt: go}]
artifacts:
  data: {path: data.txt, kind: text}
  answer: {kind: message, checks: [{check: number == 4, code: answer.wrong, says: the sum is wrong}]}
  report: {path: report.md, kind: text}
agents:
  maker: {role: Make., produces: [data]}
  reader: {role: Read., consumes: [data], produces: [answer, report]}
`,
  'a.baton.yaml',
  { files: diskFiles(import.meta.dirname) },
);

/** The verdict on an action of `reader` that ran no program and broke what it owed in these ways. */
function verdict(breaches: { artifact: string; code: string; message: string }[]) {
  const acted = (agent: string, facts: object, broken: object[]) => {
    const of = { action: `${agent}.0.0`, agent };
    return [
      { type: 'action.started', data: { ...of, visit: 0, turn: 0, arm: 'main' } },
      { type: 'artifact.checked', data: { ...of, facts, breaches: broken } },
      {
        type: 'action.finished',
        data: { ...of, status: 'done', why: null, wrote: [], deleted: [], refused: [] },
      },
    ];
  };
  const events = [
    ...acted('maker', { data: { exists: true, valid: true } }, []),
    ...acted('reader', { answer: { exists: true, valid: false } }, breaches),
  ];
  const what = { workflow: workflow as Workflow, events, outcome: null } as never;
  return judgeByContracts(what).find(({ action }) => action === 'reader.0.0')!;
}

const wrong = { artifact: 'answer', code: 'answer.wrong', message: 'answer: the sum is wrong' };
const missing = { artifact: 'report', code: 'artifact.missing', message: 'report.md is missing' };

test('of a message that breaks its contract its own check tells, though no program was run', () => {
  expect(workflow?.agents.reader?.tools).toEqual(['python']);
  expect(verdict([wrong])).toMatchObject({
    code: 'answer.wrong',
    diagnosis: 'answer: the sum is wrong.',
    score: 2,
  });
});

test('where a file is owed, a reply without a program is charged for that', () => {
  expect(verdict([wrong, missing])).toMatchObject({ code: 'program.none', score: 0 });
});
