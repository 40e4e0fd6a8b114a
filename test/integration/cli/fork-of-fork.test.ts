// A branch of a branch: what the first changed stays, and who was not asked in the run is not asked in its branches.
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { countingServer, folderWith, runCli } from './command.js';

/** Which model was asked for which role, and what for. */
let asked: string[] = [];
const server = await countingServer(
  ({ model, messages }: { model?: string; messages: { content: string }[] }) => {
    const who = /^You are (\w+)/.exec(messages[0]!.content)![1]!;
    asked.push(`${model} ${who}: ${messages.at(-1)!.content}`);
    return `${who} by ${model}, ${asked.length}`;
  },
);
afterAll(() => void server.server.close());
beforeEach(() => {
  asked = [];
});

const workflow = `baton: 1
models:
  one: {provider: openai, base_url: "${server.url}", model: one}
  two: {provider: openai, base_url: "${server.url}", model: two}
defaults: {model: one}
tasks: [{id: t, prompt: go}]
artifacts:
  plan: {kind: message}
  draft: {kind: message}
  text: {kind: message}
agents:
  planner: {role: Plan., produces: [plan], prompt: plan it}
  writer: {role: Write., consumes: [plan], produces: [draft], prompt: write it}
  editor: {role: Edit., consumes: [draft], produces: [text], prompt: edit it}
`;
const fork = async (folder: string, rollout: string, action: string, ...change: string[]) => {
  asked = [];
  const { code, stderr } = await runCli(folder, ['fork', 'last', rollout, action, ...change]);
  expect(code, stderr).toBe(0);
  return asked;
};

test('keeps who acts and what the first changed at the same action', async () => {
  const folder = folderWith({
    'a.baton.yaml': workflow,
    'w.txt': 'write otherwise',
    'e.txt': 'edit otherwise',
  });
  expect((await runCli(folder, ['run'])).code).toBe(0);
  const first = await fork(folder, 'run.t.0', 'writer.0.0', '--policy', 'two');
  expect(first).toEqual(['two writer: write it', 'one editor: edit it']);
  expect(await fork(folder, 'run.t.0.fork-1', 'writer.0.0', '--prompt', join(folder, 'w.txt'))).toEqual([
    'two writer: write otherwise',
    'one editor: edit it',
  ]);
  // Before the action that was changed, and after it.
  expect(await fork(folder, 'run.t.0.fork-2', 'planner.0.0', '--policy', 'two')).toEqual([
    'two planner: plan it',
    'two writer: write it',
    'one editor: edit it',
  ]);
  expect(await fork(folder, 'run.t.0.fork-2', 'editor.0.0', '--prompt', join(folder, 'e.txt'))).toEqual([
    'one editor: edit otherwise',
  ]);
});

test('in a run of one role, only that role and the changed one act anew', async () => {
  const folder = folderWith({ 'a.baton.yaml': workflow, 'p.txt': 'plan otherwise' });
  expect((await runCli(folder, ['run'])).code).toBe(0);
  expect((await runCli(folder, ['run', '--alone', 'writer'])).code).toBe(0);
  expect(await fork(folder, 'run.t.0', 'planner.0.0', '--prompt', join(folder, 'p.txt'))).toEqual([
    'one planner: plan otherwise',
    'one writer: write it',
  ]);
});
