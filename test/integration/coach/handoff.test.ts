// Who is to blame when an artifact was lost or changed on its way, each case in a real run in the real sandbox.
import { expect, test } from 'vitest';
import { folderWith, programReplies, runCli } from '../cli/command.js';

const write = (path: string, text: string) => `open("${path}", "w").write("${text}")`;

interface Verdicts {
  verdicts: { verdict: { action: string; code: string | null; diagnosis: string }; score: number | null }[];
  culprit?: unknown;
}

async function judged(workflow: string, programs: Record<string, string>) {
  const folder = folderWith({ 'a.baton.yaml': workflow, 'replies.jsonl': programReplies(programs) });
  const ran = await runCli(folder, ['run', '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  const { verdicts } = JSON.parse(
    (await runCli(folder, ['why', 'last', 'run.task-1.0', '--json'])).stdout,
  ) as Verdicts;
  return Object.fromEntries(
    verdicts.map(({ verdict, score }) => [
      verdict.action,
      { code: verdict.code, score, says: verdict.diagnosis },
    ]),
  );
}

const three = (kind: string, path: string) => `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: [{prompt: go}]
artifacts:
  data: {path: ${path}, kind: ${kind}}
  note: {path: note.txt, kind: text}
  report: {path: report.txt, kind: text}
agents:
  one: {role: Data., produces: [data], prompt: I am one}
  two: {role: Note., produces: [note], prompt: I am two}
  three: {role: Report., consumes: [data, note], produces: [report], prompt: I am three}
flow: [one, two, three]
`;
const makes = `import os\nos.makedirs("data", exist_ok=True)\n${write('data/x.txt', '1')}`;
const reads = `open("note.txt").read()\nfloat(open("data/x.txt").read())\n${write('report.txt', 'done')}`;

test('a folder is read where a file in it was, and not read where none was', async () => {
  const clean = await judged(three('folder', 'data'), {
    one: makes,
    two: write('note.txt', 'n'),
    three: reads,
  });
  expect(clean['three.0.0']).toMatchObject({ code: null });
  const blind = await judged(three('folder', 'data'), {
    one: makes,
    two: write('note.txt', 'n'),
    three: `open("note.txt").read()\n${write('report.txt', 'done')}`,
  });
  expect(blind['three.0.0']).toMatchObject({
    code: 'artifact.unread',
    says: 'it never read data, which it was handed.',
  });
});

test('who changes a file in the folder of another role is charged, and who stumbles over it is not', async () => {
  const found = await judged(three('folder', 'data'), {
    one: makes,
    two: `${write('note.txt', 'n')}\n${write('data/x.txt', 'words')}`,
    three: reads,
  });
  expect(found['one.0.0']).toMatchObject({ code: null });
  expect(found['two.0.0']).toMatchObject({
    code: 'artifact.overwritten',
    says: expect.stringMatching(/^data\/x.txt belongs to another role and was overwritten/),
  });
  expect(found['three.0.0']).toMatchObject({ code: 'blocked', score: null });
});

test('who deletes what another role made is charged, and who misses it is not', async () => {
  const found = await judged(three('text', 'data.txt'), {
    one: write('data.txt', '1'),
    two: `import os\n${write('note.txt', 'n')}\nos.remove("data.txt")`,
    three: `open("note.txt").read()\nopen("data.txt").read()\n${write('report.txt', 'done')}`,
  });
  expect(found['one.0.0']).toMatchObject({ code: null });
  expect(found['two.0.0']).toMatchObject({
    code: 'artifact.overwritten',
    says: expect.stringMatching(/^data.txt belongs to another role and was deleted/),
  });
  expect(found['three.0.0']).toMatchObject({ code: 'blocked', score: null });
});

const arms = (flow: string) => `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: [{prompt: go}]
artifacts:
  start: {path: start.txt, kind: text}
  left: {path: left.txt, kind: text}
  right: {path: right.txt, kind: text}
  end: {path: end.txt, kind: text}
agents:
  starter: {role: Start., produces: [start], prompt: I am starter}
  lefty: {role: Left., consumes: [start], produces: [left], prompt: I am lefty}
  righty: {role: Right., consumes: [start], produces: [right], prompt: I am righty}
  closer: {role: End., consumes: [start], produces: [end], prompt: I am closer}
flow: ${flow}
`;
const fails = 'open("start.txt").read()\n1 / 0';
const spoils = `open("start.txt").read()\n${write('left.txt', 'l')}\n${write('start.txt', 'spoilt')}`;

test('what an arm changes in its own copy excuses nobody who never saw it', async () => {
  const found = await judged(arms('[starter, {parallel: [lefty, righty]}, closer]'), {
    starter: write('start.txt', 's'),
    lefty: spoils,
    righty: fails,
    closer: fails,
  });
  expect(found['righty.0.0']).toMatchObject({ code: 'program.failed' });
  // The join dropped the change.
  expect(found['closer.0.0']).toMatchObject({ code: 'program.failed' });
});

test('what an arm changes is seen by who follows in it, and after a join that took it', async () => {
  const programs = {
    starter: write('start.txt', 's'),
    lefty: spoils,
    righty: write('right.txt', 'r'),
    closer: fails,
  };
  const inside = await judged(arms('[starter, {parallel: [{sequence: [lefty, closer]}, righty]}]'), programs);
  expect(inside['closer.0.0']).toMatchObject({ code: 'blocked', says: expect.stringContaining('lefty') });
  const taken = await judged(
    arms('[{parallel: [{sequence: [starter, lefty]}, other]}, righty, closer]').replace(
      'agents:',
      'agents:\n  other: {role: Other., prompt: I am other}',
    ),
    { ...programs, other: 'print(1)', righty: `open("start.txt").read()\n${write('right.txt', 'r')}` },
  );
  expect(taken['closer.0.0']).toMatchObject({ code: 'blocked', says: expect.stringContaining('lefty') });
});

const loop = `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: [{prompt: go}]
artifacts:
  draft: {path: draft.txt, kind: text, checks: [words == 1]}
  count: {path: count.txt, kind: text}
agents:
  writer: {role: Write., produces: [draft], prompt: I am writer}
  editor: {role: Edit., consumes: [draft], produces: [count], prompt: I am editor}
flow: [{repeat: {do: [writer, editor], until: count.words == 9, max: 2}}]
`;
/** Words of the draft at the first and at the second visit. */
const writer = (first: string, second: string) => `import os
again = os.path.exists("seen")
open("seen", "w").write("x")
open("draft.txt", "w").write("${second}" if again else "${first}")`;

test('in a repeated part an action is blocked by what it was handed, not by what its producer did later', async () => {
  const stumbles = `text = open("draft.txt").read()\nassert len(text.split()) == 1\n${write('count.txt', 'one')}`;
  const mended = await judged(loop, { writer: writer('two words', 'one'), editor: stumbles });
  expect(mended['writer.0.0']).toMatchObject({ code: 'contract.broken' });
  expect(mended['editor.0.0']).toMatchObject({ code: 'blocked', score: null });
  expect(mended['editor.1.0']).toMatchObject({ code: null });
  const own = await judged(loop, {
    writer: writer('one', 'two words'),
    editor: 'open("draft.txt").read()\n1 / 0',
  });
  expect(own['editor.0.0']).toMatchObject({ code: 'program.failed' });
  expect(own['editor.1.0']).toMatchObject({ code: 'blocked', score: null });
});

test.each([
  ['os.listdir', 'os.listdir("data")'],
  ['os.scandir', 'list(os.scandir("data"))'],
  ['os.walk', 'list(os.walk("."))'],
  ['os.fwalk', 'list(os.fwalk("data"))'],
  ['glob', 'import glob; glob.glob("data/*")'],
  ['pathlib', 'import pathlib; list(pathlib.Path("data").iterdir())'],
])('who lists a folder with %s has read it', async (_name, lists) => {
  const found = await judged(three('folder', 'data'), {
    one: makes,
    two: write('note.txt', 'n'),
    three: `import os\nopen("note.txt").read()\n${lists}\n${write('report.txt', 'done')}`,
  });
  expect(found['three.0.0']).toMatchObject({ code: null });
});

test('a folder that is listed from outside was not read, and nothing is asked of an empty one', async () => {
  const outside = `import os\nopen("note.txt").read()\nos.listdir(".")\n${write('report.txt', 'done')}`;
  const full = await judged(three('folder', 'data'), {
    one: makes,
    two: write('note.txt', 'n'),
    three: outside,
  });
  expect(full['three.0.0']).toMatchObject({ code: 'artifact.unread' });
  const empty = await judged(three('folder', 'data'), {
    one: 'import os\nos.makedirs("data")',
    two: write('note.txt', 'n'),
    three: outside,
  });
  expect(empty['three.0.0']).toMatchObject({ code: null });
});

test('who fills the workspace beyond what is kept is charged, and whose work is lost by it is not', async () => {
  const found = await judged(three('text', 'a.txt'), {
    one: `import os\n${write('a.txt', '1')}\nos.mkdir("bulk")\nfor at in range(20001): os.mkdir(f"bulk/{at}")`,
    two: write('note.txt', 'n'),
    three: `open("a.txt").read()\nopen("note.txt").read()\n${write('report.txt', 'done')}`,
  });
  expect(found['one.0.0']).toMatchObject({
    code: 'artifact.unreadable',
    says: 'it left more files in the workspace than are kept, so that what two made was lost.',
  });
  for (const role of ['two', 'three'])
    expect(found[`${role}.0.0`]).toMatchObject({
      code: 'blocked',
      score: null,
      says: 'one left more files in the workspace than are kept.',
    });
});
