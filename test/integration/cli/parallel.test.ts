import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Blobs, listRuns, readLog, stateAfter } from '../../../src/trace/index.js';
import { folderWith, programReplies, runCli } from './command.js';

const workflow = `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: [{prompt: go}]
artifacts:
  start: {path: start.txt, kind: text}
  left: {path: left.txt, kind: text}
  right: {path: right.txt, kind: text}
  all: {path: all.txt, kind: text}
agents:
  opener: {role: Begin., produces: [start], prompt: I am opener}
  lefty: {role: Left., consumes: [start], produces: [left], prompt: I am lefty}
  righty: {role: Right., consumes: [start], produces: [right], prompt: I am righty}
  closer: {role: End., consumes: [left, right], produces: [all], prompt: I am closer}
flow:
  - opener
  - parallel: [lefty, righty]
  - closer
`;

const programs = {
  opener: 'open("start.txt", "w").write("start")\nopen("extra.txt", "w").write("before")',
  // Each arm writes the same file, the other's artifact, and one that was there before; then it waits for the other.
  lefty:
    'import time\nopen("shared.txt", "w").write("left")\nopen("start.txt", "w").write("spoilt")\nopen("right.txt", "w").write("forged")\ntime.sleep(0.5)\nopen("left.txt", "w").write(open("shared.txt").read())',
  righty:
    'import os, time\nopen("shared.txt", "w").write("right")\nos.remove("extra.txt")\ntime.sleep(0.5)\nopen("right.txt", "w").write(open("shared.txt").read())',
  closer:
    'import os\nseen = sorted(os.listdir("."))\nopen("all.txt", "w").write(" ".join(seen) + ": " + " ".join(open(n).read() for n in ("left.txt", "right.txt", "start.txt", "extra.txt")))',
};

test('hostile case 28: parallel agents that write the same file each have their own, and only what an arm owes is merged', async () => {
  const replies = programReplies(programs);
  const folder = folderWith({ 'a.baton.yaml': workflow, 'replies.jsonl': replies });
  const ran = await runCli(folder, ['run', '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  const [run] = listRuns(folder);
  const { events } = readLog(run!.rollout('run.task-1.0'));
  const joined = events.find((event) => event.type === 'arm.joined')!;
  expect(joined.data).toMatchObject({
    merged: ['left.txt', 'right.txt'],
    dropped: expect.arrayContaining(['shared.txt', 'start.txt', 'right.txt', 'extra.txt']),
  });
  const blobs = new Blobs(run!.blobs);
  const texts = (of: typeof events, action?: string) =>
    Object.fromEntries(
      [...stateAfter(of, action)].map(([path, { sha256 }]) => [path, blobs.get(sha256).toString()]),
    );
  expect(texts(events, 'lefty.0.0')).toMatchObject({ 'shared.txt': 'left', 'extra.txt': 'before' });
  expect(texts(events, 'righty.0.0')).toEqual({
    'start.txt': 'start',
    'shared.txt': 'right',
    'right.txt': 'right',
  });
  expect(texts(events)).toEqual({
    'start.txt': 'start',
    'extra.txt': 'before',
    'left.txt': 'left',
    'right.txt': 'right',
    'all.txt': 'extra.txt left.txt right.txt start.txt: left right start before',
  });
  const outcome = events.findLast((event) => event.type === 'outcome');
  expect(outcome?.data).toMatchObject({ success: true });

  // What each agent did is shown behind its own name, and what the join left out.
  const shown = (await runCli(folder, ['show', 'last', 'run.task-1.0'])).stdout;
  const of = (heading: string) => shown.split('\n== ').find((each) => each.startsWith(heading));
  expect(of('lefty.0.0 (arm main-0)')).toMatch(/open\("left.txt"[\s\S]*-- wrote .*left.txt/);
  expect(of('lefty.0.0 (arm main-0)')).not.toContain('os.remove("extra.txt")');
  expect(of('righty.0.0 (arm main-1)')).toMatch(/os.remove\("extra.txt"\)[\s\S]*-- wrote .*right.txt/);
  expect(of('arms joined: main-0, main-1')).toMatch(
    /-- merged left.txt, right.txt\n-- dropped, as no artifact of its arm: .*shared.txt/,
  );

  // A fork after the join stands on what was joined, and its log tells of the join once.
  writeFileSync(
    join(folder, 'other.txt'),
    '```python\nopen("all.txt", "w").write(open("right.txt").read())\n```',
  );
  const forked = await runCli(folder, [
    ...['fork', run!.name, 'run.task-1.0', 'closer.0.0'],
    ...['--reply', join(folder, 'other.txt')],
  ]);
  expect(forked.code, forked.stderr).toBe(0);
  expect((await runCli(folder, ['show'])).stdout).toMatch(
    /: run of .*, 1 rollout and 1 fork ended\n1 rollout, /,
  );
  expect(JSON.parse((await runCli(folder, ['show', '--json'])).stdout)).toMatchObject({
    summary: { rollouts: 1 },
    forks: 1,
  });
  const branch = readLog(run!.rollout('run.task-1.0.fork-1')).events;
  expect(branch.filter((event) => event.type === 'arm.joined')).toHaveLength(1);
  expect(texts(branch)).toMatchObject({ 'left.txt': 'left', 'right.txt': 'right', 'all.txt': 'right' });
});

test.each([
  ['a model that does not answer', '', ['opener', 'righty'], 3],
  ['a budget that is spent', 'limits: {calls: 2}\n', ['opener', 'lefty', 'righty'], 4],
])('%s ends a rollout when the other arm is done too, and all that it did is on record', async (...given) => {
  const [, limits, answering, code] = given;
  const those = Object.entries(programs).filter(([role]) => answering.includes(role));
  const replies = programReplies(Object.fromEntries(those));
  const folder = folderWith({ 'a.baton.yaml': workflow + limits, 'replies.jsonl': replies });
  expect(await runCli(folder, ['run'])).toMatchObject({ code });
  const { events, torn, damage } = readLog(listRuns(folder)[0]!.rollout('run.task-1.0'));
  expect({ torn, damage }).toEqual({ torn: false, damage: [] });
  const actionsOf = (type: string) =>
    events.flatMap((event) => (event.type === type ? [(event.data as { action: string }).action] : []));
  // Each reply that was paid for was also acted on.
  expect(actionsOf('model.called')).toHaveLength(2);
  expect(actionsOf('action.finished')).toEqual(actionsOf('model.called'));
});

test('an arm finds the folders that were there, empty ones as well, and so does who comes after', async () => {
  const replies = programReplies({
    opener: 'import os\nos.makedirs("out/deep")\nopen("start.txt", "w").write("start")',
    lefty: 'open("start.txt").read()\nopen("out/l.txt", "w").write("l")\nopen("left.txt", "w").write("left")',
    righty: 'open("start.txt").read()\nopen("right.txt", "w").write("right")',
    closer:
      'import os\nopen("left.txt").read()\nopen("right.txt").read()\nopen("out/deep/all.txt", "w").write("x")\nopen("all.txt", "w").write("done")',
  });
  const folder = folderWith({ 'a.baton.yaml': workflow, 'replies.jsonl': replies });
  const ran = await runCli(folder, ['run', '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  expect(JSON.parse(ran.stdout.trim().split('\n').at(-1)!)).toMatchObject({
    summary: { success: 1, blame: [] },
  });
});
