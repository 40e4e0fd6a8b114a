import { expect, test } from 'vitest';
import { Blobs, listRuns, readLog, stateAfter } from '../../../src/trace/index.js';
import { folderWith, programReplies, runCli } from './command.js';

/** Each visit of the writer adds a line, and each visit of the editor says how many there are. */
const replies = programReplies({
  writer: 'open("draft.txt", "a").write("a line\\n")',
  editor: 'open("count.txt", "w").write(str(len(open("draft.txt").readlines())))',
});
const team = (more: string) => `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: [{prompt: go}]
artifacts:
  draft: {path: draft.txt, kind: text}
  count: {path: count.txt, kind: text}
agents:
  writer: {role: Write., tools: [python], produces: [draft], prompt: I am writer}
  editor: {role: Edit., tools: [python], consumes: [draft], produces: [count], prompt: I am editor}
${more}`;
const visits = (folder: string) => {
  const [run] = listRuns(folder);
  const { events } = readLog(run!.rollout('run.task-1.0'));
  const calls = events.flatMap((event) => (event.type === 'model.called' ? [event.data.action] : []));
  const draft = stateAfter(events).get('draft.txt');
  return { calls, text: draft ? new Blobs(run!.blobs).get(draft.sha256).toString() : null, events };
};
const open = (more: string) => folderWith({ 'a.baton.yaml': team(more), 'replies.jsonl': replies });

test('roles work again until the condition holds, each visit on what the one before left', async () => {
  const folder = open('flow: [{repeat: {do: [writer, editor], until: draft.lines >= 3, max: 5}}]\n');
  const ran = await runCli(folder, ['run', '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  expect(JSON.parse(ran.stdout.trim().split('\n').at(-1)!)).toMatchObject({ summary: { success: 1 } });
  const { calls, text } = visits(folder);
  expect(calls).toEqual([0, 1, 2].flatMap((visit) => [`writer.${visit}.0`, `editor.${visit}.0`]));
  expect(text).toBe('a line\n'.repeat(3));
});

test('at most so often: then the rollout goes on, and its outcome says what does not hold', async () => {
  const folder = open(
    'flow: [{repeat: {do: [writer], until: draft.lines >= 9, max: 2}}, editor]\noutcome: {success: draft.lines >= 9}\n',
  );
  const ran = await runCli(folder, ['run', '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  const { calls, events } = visits(folder);
  expect(calls).toEqual(['writer.0.0', 'writer.1.0', 'editor.0.0']);
  const outcome = events.findLast((event) => event.type === 'outcome');
  expect(outcome?.data).toMatchObject({ success: false, why: 'draft.lines >= 9 does not hold' });
});

test('a budget stops it between visits, and it goes on where it was', async () => {
  const folder = open(
    'flow: [{repeat: {do: [writer, editor], until: draft.lines >= 3, max: 5}}]\nlimits: {calls: 3}\n',
  );
  expect(await runCli(folder, ['run'])).toMatchObject({ code: 4 });
  expect(visits(folder).calls).toEqual(['writer.0.0', 'editor.0.0', 'writer.1.0']);
  const resumed = await runCli(folder, ['resume', '--calls', '10']);
  expect(resumed.code, resumed.stderr).toBe(0);
  const { calls, text } = visits(folder);
  expect(calls).toEqual([0, 1, 2].flatMap((visit) => [`writer.${visit}.0`, `editor.${visit}.0`]));
  expect(text).toBe('a line\n'.repeat(3));
});
