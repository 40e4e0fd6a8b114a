// An artifact that is a folder: what of it cannot be handed on is its maker's fault, and the rest arrives as it was.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listRuns, readLog } from '../../../src/trace/index.js';
import { folderWith, programReplies, runCli } from './command.js';

const workflow = `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: [{prompt: go}]
artifacts:
  box: {path: out/box, kind: folder}
  side: {path: side.txt, kind: text}
  all: {path: all.txt, kind: text}
agents:
  maker: {role: Make., produces: [box], prompt: I am maker}
  beside: {role: Beside., produces: [side], prompt: I am beside}
  closer: {role: End., consumes: [box, side], produces: [all], prompt: I am closer}
flow: [{parallel: [maker, beside]}, closer]
`;
const beside = 'open("side.txt", "w").write("x")';
const box = 'import os\nos.makedirs("out/box/in")\n';

async function ran(maker: string, closer: string) {
  const replies = programReplies({ maker, beside, closer });
  const folder = folderWith({ 'a.baton.yaml': workflow, 'replies.jsonl': replies });
  const { code, stderr } = await runCli(folder, ['run', '--json']);
  expect(code, stderr).toBe(0);
  const [run] = listRuns(folder);
  return { folder, run: run!, events: readLog(run!.rollout('run.task-1.0')).events };
}

test.each([
  ['a link', 'os.symlink("/etc/passwd", "out/box/in/a")', 'in/a', 'it is a symbolic link'],
  ['a hard link', 'open("b", "w").write("b")\nos.link("b", "out/box/in/a")', 'in/a', 'it is a hard link'],
  ['a pipe', 'os.mkfifo("out/box/in/a")', 'in/a', 'it is not a plain file'],
  ['a large file', 'open("out/box/a", "w").truncate(70 << 20)', 'a', 'it has 73400320 bytes; 67108864 is'],
])('%s in a folder breaks its contract, with the place and the reason', async (_, made, where, why) => {
  const { events } = await ran(`${box}open("out/box/kept", "w").write("k")\n${made}`, 'open("all.txt", "w")');
  const checked = events.flatMap((event) => (event.type === 'artifact.checked' ? [event.data] : []));
  expect(checked.find(({ action }) => action === 'maker.0.0')).toMatchObject({
    facts: { box: { exists: true, valid: false } },
    breaches: [
      {
        artifact: 'box',
        code: 'artifact.unreadable',
        message: expect.stringContaining(`out/box: ${where} in it cannot be handed on: ${why}`),
      },
    ],
  });
});

test('a folder goes through a join and a fork with what may be executed, and where it is empty', async () => {
  const look =
    'import os\nseen = [f"{r}/{n}{os.access(r + chr(47) + n, os.X_OK)}" for r, _, f in sorted(os.walk("out")) for n in f]\n';
  const say = `${look}open("all.txt", "w").write(" ".join(sorted(seen)))\n`;
  const made = `${box}open("out/box/in/go", "w").write("#!/bin/sh")\nos.chmod("out/box/in/go", 0o755)\nopen("out/box/not", "w").write("n")`;
  const { folder, run } = await ran(made, say);
  const seen = async (rollout: string) =>
    (await runCli(folder, ['show', run.name, rollout, '--file', 'all.txt'])).stdout;
  const expected = 'out/box/in/goTrue out/box/notFalse';
  expect(await seen('run.task-1.0')).toBe(expected);
  writeFileSync(join(folder, 'other.txt'), `\`\`\`python\n${say}\`\`\``);
  const fork = (of: string) =>
    runCli(folder, ['fork', run.name, of, 'closer.0.0', '--reply', join(folder, 'other.txt')]);
  const forked = await fork('run.task-1.0');
  expect(forked.code, forked.stderr).toBe(0);
  expect(await seen('run.task-1.0.fork-1')).toBe(expected);
});

test('an empty folder is there in a fork as well', async () => {
  const say = `import os\nopen("all.txt", "w").write(str(os.path.isdir("out/box")))\n`;
  const { folder, run } = await ran('import os\nos.makedirs("out/box")', say);
  writeFileSync(join(folder, 'other.txt'), `\`\`\`python\n${say}\`\`\``);
  const forked = await runCli(folder, [
    ...['fork', run.name, 'run.task-1.0', 'closer.0.0'],
    ...['--reply', join(folder, 'other.txt')],
  ]);
  expect(forked.code, forked.stderr).toBe(0);
  const shown = await runCli(folder, ['show', run.name, 'run.task-1.0.fork-1', '--file', 'all.txt']);
  expect(shown.stdout).toBe('True');
});

test('an arm that only changes whether a file of its artifact may be executed has that taken over', async () => {
  const text = workflow
    .replace('flow: [', 'flow: [first, ')
    .replace('artifacts:\n', 'artifacts:\n  seed: {path: seed.txt, kind: text}\n')
    .replace('agents:\n', 'agents:\n  first: {role: First., produces: [seed], prompt: I am first}\n');
  const replies = programReplies({
    first: `${box}open("out/box/go", "w").write("g")\nopen("seed.txt", "w").write("s")`,
    maker: 'import os\nos.chmod("out/box/go", 0o755)',
    beside,
    closer: 'import os\nopen("all.txt", "w").write(str(os.access("out/box/go", os.X_OK)))',
  });
  const folder = folderWith({ 'a.baton.yaml': text, 'replies.jsonl': replies });
  const done = await runCli(folder, ['run']);
  expect(done.code, done.stderr).toBe(0);
  const shown = await runCli(folder, ['show', 'last', 'run.task-1.0', '--file', 'all.txt']);
  expect(shown.stdout).toBe('True');
});

test('empty folders that an arm made go through the join, and through a fork after it', async () => {
  const say = `import os\nopen("all.txt", "w").write(" ".join(sorted(r for r, _, _ in os.walk("out/box"))))\n`;
  for (const [made, expected] of [
    ['import os\nos.makedirs("out/box")', 'out/box'],
    [
      `${box}open("out/box/in/a", "w").write("a")\nos.makedirs("out/box/hollow/deep")\nos.makedirs("elsewhere")`,
      'out/box out/box/hollow out/box/hollow/deep out/box/in',
    ],
  ] as const) {
    const { folder, run, events } = await ran(made, say);
    const seen = async (rollout: string) =>
      (await runCli(folder, ['show', run.name, rollout, '--file', 'all.txt'])).stdout;
    expect(await seen('run.task-1.0')).toBe(expected);
    const checked = events.flatMap((event) => (event.type === 'artifact.checked' ? [event.data] : []));
    expect(checked.flatMap(({ breaches }) => breaches)).toEqual([]);
    writeFileSync(join(folder, 'other.txt'), `\`\`\`python\n${say}\`\`\``);
    const reply = ['--reply', join(folder, 'other.txt')];
    const forked = await runCli(folder, ['fork', run.name, 'run.task-1.0', 'closer.0.0', ...reply]);
    expect(forked.code, forked.stderr).toBe(0);
    expect(await seen('run.task-1.0.fork-1')).toBe(expected);
  }
});

test('an arm that puts a file where a folder was has that taken over', async () => {
  const text = workflow
    .replace(
      'box: {path: out/box, kind: folder}',
      'seed: {path: seed.txt, kind: text}\n  box: {path: out, kind: text}',
    )
    .replace('agents:\n', 'agents:\n  first: {role: First., produces: [seed], prompt: I am first}\n')
    .replace('flow: [', 'flow: [first, ');
  const replies = programReplies({
    first: 'import os\nos.makedirs("out/deep/er")\nopen("seed.txt", "w").write("s")',
    maker: 'import shutil\nshutil.rmtree("out")\nopen("out", "w").write("a file")',
    beside,
    closer: 'open("all.txt", "w").write(open("out").read())',
  });
  const folder = folderWith({ 'a.baton.yaml': text, 'replies.jsonl': replies });
  const done = await runCli(folder, ['run']);
  expect(done.code, done.stderr + done.stdout).toBe(0);
  const shown = await runCli(folder, ['show', 'last', 'run.task-1.0', '--file', 'all.txt']);
  expect(shown.stdout).toBe('a file');
});
