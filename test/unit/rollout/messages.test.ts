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
    const task = { id: 't', prompt: 'go', fields: {}, files: [] } as never;
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

const reads = (agent: string) =>
  checkWorkflow(
    `baton: 1
models: {m: {provider: openai, base_url: "http://127.0.0.1:1/v1", model: m}}
tasks: [{prompt: Summarise notes.txt, files: [notes.txt, more.csv]}]
artifacts:
  facts: {path: facts.json, kind: json, description: Every figure with its line., schema: {type: array}}
  report: {path: report.md, kind: text, checks: [words < 300], description: One page.}
agents:
  reader: {role: Extract., produces: [facts]${agent}}
  writer: {role: Write., consumes: [facts], produces: [report]}
  critic: {role: Say what is missing., consumes: [report], tools: []}
`,
    'a.baton.yaml',
    { files: diskFiles(tmpdir()) },
  ).workflow as Workflow;

/** What a role of the team above is first told, in one text. */
function told(role: string, agent = ''): string {
  const workflow = reads(agent);
  const files = ['notes.txt', 'more.csv'].map((name) => ({ name, text: '' }));
  const task = { id: 't', prompt: 'Summarise notes.txt', fields: {}, files } as never;
  return firstMessages(workflow, workflow.agents[role]!, task, {}, [])
    .map(({ content }) => content)
    .join('\n\n');
}

test('an agent is told where the files lie that it is told of', () => {
  expect(told('reader')).toContain(
    'Files of the task, read-only:\n- /inputs/notes.txt\n- /inputs/more.csv\n',
  );
  // It runs no program that could open them.
  expect(told('critic')).not.toContain('/inputs');
  const own = (prompt: string) =>
    /Files of the task.*?(?=\n\n)/s.exec(told('reader', `, prompt: "${prompt}"`))?.[0];
  expect(own('Look: {{task.prompt}}')).toContain('- /inputs/notes.txt\n- /inputs/more.csv');
  expect(own('Extract from notes.txt')).toMatch(/- \/inputs\/notes\.txt$/);
  expect(own('Extract from /inputs/notes.txt.')).toBeUndefined();
  expect(own('Extract from /inputs/notes.txt.gz')).toMatch(/- \/inputs\/notes\.txt$/);
  expect(own('Begin')).toBeUndefined();
});

test('agents are told what an artifact is, and the schema of JSON', () => {
  const says = '  Every figure with its line.\n  JSON Schema: {"type":"array"}';
  expect(told('reader')).toContain(`You owe:\n- facts.json (json)\n${says}`);
  expect(told('writer')).toContain(
    `You are handed:\n- facts.json\n${says}\n\nYou owe:\n- report.md (text): words < 300\n  One page.`,
  );
});
