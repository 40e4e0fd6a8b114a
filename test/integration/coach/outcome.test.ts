import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderWith, programReplies, runCli } from '../cli/command.js';

const replies = programReplies({
  writer: 'open("draft.txt", "a").write("a line\\n")',
  editor: 'open("draft.txt").read()\nopen("sub.csv", "w").write("id,y\\n1,1\\n2,3\\n")',
});

/** A writer who works twice and an editor, each of whom keeps the contract. */
const team = (task: string, outcome: string) =>
  folderWith({
    'a.baton.yaml': `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: [{id: one, prompt: go, least: 9${task}}]
artifacts:
  draft: {path: draft.txt, kind: text}
  sub: {path: sub.csv, kind: table}
agents:
  writer: {role: Write., tools: [python], produces: [draft], prompt: I am writer}
  editor: {role: Edit., tools: [python], consumes: [draft], produces: [sub], prompt: I am editor}
flow: [{repeat: {do: [writer], until: draft.lines >= 9, max: 2}}, editor]
outcome: {${outcome}}
`,
    'replies.jsonl': replies,
    'answers.csv': 'id,y\n1,1\n2,2\n',
    'three.csv': 'id,y\n1,1\n2,2\n3,3\n',
    'wrong.csv': 'y\n1\n',
  });

interface Counted {
  score: number;
  verdict: { action: string; code: string | null };
}
async function verdicts(folder: string): Promise<Counted[]> {
  const ran = await runCli(folder, ['run', '--json']);
  expect(`${ran.code} ${ran.stderr}`).toMatch(/^0 /);
  const why = await runCli(folder, ['why', 'last', 'run.one.0', '--json']);
  return (JSON.parse(why.stdout) as { verdicts: Counted[] }).verdicts;
}
const missed = (all: readonly Counted[]) =>
  all.flatMap(({ score, verdict: { action, code } }) =>
    code === null ? [] : [`${action} ${code} ${score}`],
  );

describe('an outcome that is not reached though every contract is kept', () => {
  test.each([
    [
      'what its condition names',
      '',
      'success: sub.rows == 2 and draft.lines >= 4',
      ['writer.1.0 outcome.missed 2'],
    ],
    [
      'the last of several that it names',
      '',
      'success: draft.lines == sub.rows + 1',
      ['editor.0.0 outcome.missed 2'],
    ],
    ['what a task expects', ', expect: draft.lines == 7', '', ['writer.1.0 outcome.missed 2']],
    [
      'what cannot be measured',
      ', hidden: [three.csv]',
      'metrics: {f1: {artifact: sub, better: higher, fallback: 0}}',
      ['editor.0.0 contract.broken 2'],
    ],
    ['nothing, where it is about no artifact', '', 'success: task.least < 4', []],
  ])('is charged to the maker of %s', async (_, task, outcome, charged) => {
    expect(missed(await verdicts(team(task, outcome)))).toEqual(charged);
  });
});

const metric = (answers: string) =>
  `metrics: {accuracy: {artifact: sub, better: higher, fallback: 0${answers}}}`;

describe('answers that no agent could meet', () => {
  test.each([
    [', hidden: [wrong.csv]', '', 'a row has fewer than two cells'],
    [
      ', hidden: [answers.csv]',
      ', answers: truth.csv',
      'one has no hidden file truth.csv; it has answers.csv',
    ],
    [', hidden: [answers.csv, wrong.csv]', '', 'one has several hidden files (answers.csv, wrong.csv)'],
  ])('keep a run from starting: tasks%s and metrics%s', async (task, answers, says) => {
    const folder = team(task, metric(answers));
    const ran = await runCli(folder, ['run', '--json']);
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      error: { code: 'workflow.invalid', message: expect.stringContaining(says) },
    });
    const checked = await runCli(folder, ['check', '--json']);
    expect(checked.code).toBe(1);
    expect(JSON.parse(checked.stdout)).toMatchObject({
      problems: [{ code: 'task.answers', message: expect.stringContaining(says) }],
    });
    expect(existsSync(join(folder, '.baton'))).toBe(false);
  });

  test('a task without any is not measured, and succeeds where its condition holds', async () => {
    const folder = team('', metric(''));
    const ran = await runCli(folder, ['run', '--json']);
    const { summary } = JSON.parse(ran.stdout.trim().split('\n').at(-1)!) as { summary: object };
    expect(summary).toMatchObject({ success: 1, metrics: {} });
  });
});
