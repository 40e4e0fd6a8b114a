import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { firstMessages } from '../../../src/rollout/messages.js';
import { checkWorkflow, diskFiles, type Workflow } from '../../../src/workflow/index.js';

const team = (context: string) =>
  checkWorkflow(
    `baton: 1
models: {m: {provider: openai, base_url: "http://127.0.0.1:1/v1", model: m}}
tasks: [{prompt: go}]
artifacts: {one: {kind: message}, two: {kind: message}, three: {kind: message}}
agents:
  aa: {role: Begin., produces: [one]}
  bb: {role: Go on., consumes: [one], produces: [two]}
  cc: {role: End., consumes: [one], produces: [three], context: ${context}}
flow: [aa, bb, cc]
`,
    'a.baton.yaml',
    { files: diskFiles(tmpdir()) },
  ).workflow as Workflow;

test('an agent sees what the one before it said, and each message that it is handed', () => {
  const asked = (context: string, said: [string, string][]) => {
    const workflow = team(context);
    const task = { id: 't', prompt: 'go', fields: {} } as never;
    const heard = said.map(([agent, text]) => ({ agent, text }));
    return firstMessages(workflow, workflow.agents.cc!, task, {}, heard).at(-1)!.content;
  };
  const said: [string, string][] = [
    ['aa', 'the first'],
    ['zz', 'between'],
    ['bb', 'the last'],
  ];
  expect(asked('previous', said)).toBe('go\n\naa wrote:\nthe first\n\nbb wrote:\nthe last');
  expect(asked('full', said)).toContain('zz wrote:\nbetween');
  expect(asked('previous', [['aa', 'alone']])).toBe('go\n\naa wrote:\nalone');
});
