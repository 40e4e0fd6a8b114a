// What a person can get wrong at the command line: it says what, names what there is, and exits as documented.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { listRuns } from '../../../src/trace/index.js';
import { folderWith, runCli } from './command.js';

const workflow = `baton: 1
models:
  m: {provider: recorded, file: replies.jsonl, price: {input: 1000, output: 1000}}
  judge: {provider: openai, base_url: "https://api.example.com/v1", model: j, api_key: "\${secret:JUDGE}"}
tasks:
  - {id: one, prompt: Say something.}
  - {id: two, prompt: Say something else.}
artifacts:
  answer: {kind: message, checks: [words > 1]}
  note: {path: note.txt}
agents:
  speaker: {role: Speak., produces: [answer, note], model: m}
`;
const writes = '```python\nopen("note.txt", "w").write("x")\n```\nTwo words.';
const replies = `${JSON.stringify({ reply: writes })}\n`;

let folder: string;
beforeAll(async () => {
  folder = folderWith({ 'a.baton.yaml': workflow, 'replies.jsonl': replies });
  const ran = await runCli(folder, ['run', '--tasks', 'one']);
  expect(ran.code, ran.stderr).toBe(0);
}, 60_000);

describe('a name that is not there', () => {
  test.each<[string, string]>([
    ['check none.baton.yaml', 'There is no none.baton.yaml.'],
    ['run --tasks one,three', 'There is no task three.'],
    [
      'run --split select',
      'No task is in the split "select". Say under tasks.split which are in it, or "split: select" at a task. Or take another: --split test',
    ],
    ['why run.nope.0', 'No run is called "run.nope.0".'],
    ['show nope', 'No run is called "nope". Newest: 2'],
    ['show last nope', 'has no rollout "nope"'],
    ['show last run.one.0 --file none.txt', 'There is no none.txt at the end.'],
    ['why last nope', 'has no ended rollout "nope"'],
    ['inspect last nope', 'has no rollout "nope"'],
    [
      'inspect last run.one.0 --at nope',
      '"nope" is no action of the rollout that has ended; it has speaker.0.0.',
    ],
    ['show last run.one.0 --file note.txt --at nope', '"nope" is no action of run.one.0 that has ended'],
    ['overrule last run.one.0 speaker.0.0 --score= --reason x', '--score is a number from 0 to 10, or null'],
    ['inspect last run.one.0 answer', 'No file is the artifact "answer"; there are note.'],
    ['overrule last run.one.0 nope --score 5 --reason x', 'it has speaker.0.0'],
    ['fork last nope speaker.0.0 --policy x@v0', 'There is no rollout "nope"'],
    [
      'fork last run.one.0 speaker.0.0 --policy nix',
      '"nix" cannot act as speaker: name a model of the workflow (m, judge).',
    ],
    ['fork last run.one.0 speaker.0.0 --reply none.txt', 'none.txt cannot be read'],
    ['diff last run.one.0 nope', 'has no rollout "nope"'],
    ['eval --from last', 'did not train anything; name a training run.'],
    ['serve speaker --from last', 'did not train anything; name a training run.'],
    [
      'jobs attach nope',
      'No job nope was sent from this folder or another one of this machine; say where it runs: --target NAME',
    ],
  ])('%s', async (line, says) => {
    const { code, stdout, stderr } = await runCli(folder, line.split(' '));
    expect(stderr).toContain(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

test.each([
  ['promote speaker', 'is not a training run; name one: baton promote speaker RUN'],
  ['export-model speaker out', 'speaker acts with its base; promote a trained version first.'],
])('what is not trained: %s', async (line, says) => {
  const { code, stderr } = await runCli(folder, line.split(' '));
  expect(stderr).toContain(says);
  expect(code).toBe(1);
});

describe('a value that cannot be', () => {
  test.each<[string[], string]>([
    [['run', '--limit', 'many'], 'It must be a number.'],
    [['run', '--concurrency', '0'], 'It must be a whole number from 1.'],
    [['eval', '--temperature', '-1'], 'It must be 0 or more.'],
    [['run', '--minutes', '-1'], 'It must be above 0.'],
    [['run', '--sandbox', 'chroot'], 'Allowed choices are auto, bubblewrap, seatbelt, docker, podman, none.'],
    [
      ['overrule', 'last', 'run.one.0', 'speaker.0.0', '--score', '5', '--reason', ' '],
      'Say why with --reason.',
    ],
    [['overrule', 'last', 'run.one.0', 'speaker.0.0', '--score', '11', '--reason', 'x'], '10'],
    [['fork', 'last', 'run.one.0', 'speaker.0.0', '--file', 'note.txt'], '--file takes path=file'],
    [['target', 'add', 'box'], 'Say where it is: --ssh HOST, or --ray ADDRESS.'],
  ])('%j', async (line, says) => {
    const { code, stderr } = await runCli(folder, line);
    expect(stderr).toContain(says);
    expect(code).toBe(2);
  });
});

test('a workflow with a problem does not run: each with its place', async () => {
  const wrong = folderWith({
    'a.baton.yaml': workflow.replace('model: m}', 'model: mm}'),
    'replies.jsonl': replies,
  });
  const { code, stderr } = await runCli(wrong, ['run']);
  expect(code).toBe(1);
  expect(stderr).toContain('a.baton.yaml:12:');
  expect(stderr).toContain('Did you mean "m"?');
  expect(readdirSync(wrong)).not.toContain('.baton');
});

test('a role that the embedded model cannot play: what else answers here is named', async () => {
  const tiny = folderWith({
    'a.baton.yaml': `${workflow.replace('{provider: recorded, file: replies.jsonl, price: {input: 1000, output: 1000}}', '{provider: embedded}')}`,
  });
  for (const command of ['check', 'run']) {
    const { code, stdout, stderr } = await runCli(tiny, [command], { OPENAI_API_KEY: 'x' });
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(
      /Here you could use .*OpenAI at https:\/\/api\.openai\.com\/v1 \(OPENAI_API_KEY is set\)\. .*\[model\.cannot-play\]/,
    );
  }
});

test('a rollout is found by its name alone, in the newest run that has it', async () => {
  const two = folderWith({ 'a.baton.yaml': workflow, 'replies.jsonl': replies });
  for (const task of ['one', 'one', 'two']) await runCli(two, ['run', '--tasks', task]);
  const [, second] = listRuns(two);
  for (const command of ['why', 'show']) {
    const { code, stdout } = await runCli(two, [command, 'run.one.0', '--json']);
    expect(code).toBe(0);
    if (command === 'why')
      expect(JSON.parse(stdout)).toMatchObject({ run: second!.name, rollout: 'run.one.0' });
    else expect(stdout).toContain('speaker.0.0');
  }
});

test('an empty split is said to be empty where nobody named one', async () => {
  const none = folderWith({
    'a.baton.yaml': workflow.replaceAll(', prompt: Say', ', split: train, prompt: Say'),
    'replies.jsonl': replies,
  });
  const { code, stderr } = await runCli(none, ['eval']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/No task is in the split "test"\. .* --split train$/m);
});

test('a cap of nothing is gone on with by one of something', async () => {
  const capped = folderWith({
    'a.baton.yaml': `${workflow}limits: {dollars: 0}\n`,
    'replies.jsonl': replies,
  });
  const { code, stdout } = await runCli(capped, ['run']);
  expect(code).toBe(4);
  expect(stdout).toMatch(/limits\.dollars 0 is reached\. Go on with a higher one: .* --dollars 1$/m);
});

test('a coach without its key: what is missing, how it is stored, and no run that never began', async () => {
  const coached = folderWith({
    'a.baton.yaml': `${workflow}coach: {model: judge}\n`,
    'replies.jsonl': replies,
  });
  const { code, stderr } = await runCli(coached, ['run']);
  expect(code).toBe(3);
  expect(stderr).toMatch(/judge: .*JUDGE/);
  expect(stderr).toContain('secret set JUDGE');
  expect(stderr).not.toContain('Warning');
  expect(listRuns(coached)).toEqual([]);
});

test('nobody to train: it says what can be trained here', async () => {
  const { code, stderr } = await runCli(folder, ['train']);
  expect(code).toBe(3);
  expect(stderr).toContain('No agent uses a model that Baton can train here; use provider: embedded.');
});

test('recorded replies that are none are named with their line; a prompt without one fails its rollout only', async () => {
  const broken = folderWith({ 'a.baton.yaml': workflow, 'replies.jsonl': `${replies}{"answer": 1}\n` });
  const refused = await runCli(broken, ['run']);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain('replies.jsonl:2: this is not a recorded reply: Invalid input');
  const some = folderWith({
    'a.baton.yaml': workflow,
    'replies.jsonl': `${JSON.stringify({ when: 'something else', reply: writes })}\n`,
  });
  const ran = await runCli(some, ['run', '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  expect(JSON.parse(ran.stdout.trim().split('\n').at(-1)!)).toMatchObject({
    summary: { rollouts: 1, lost: 1, success: 1 },
  });
  // Half of the rollouts cannot meet a threshold for all of them, and can miss it.
  expect((await runCli(some, ['run', '--fail-under', '50'])).code).toBe(3);
  const shown = await runCli(some, ['show', 'last', 'run.one.0']);
  expect(shown.stdout).toContain('m has no recorded reply for this prompt.');
});

describe('a cap that is reached stops the run with 4, says which, and how to go on', () => {
  test.each([
    ['--tokens', '20', 'limits.tokens 20', '--tokens 40'],
    ['--dollars', '0.01', 'limits.dollars 0.01', '--dollars 0.02'],
    ['--minutes', '0.00001', 'limits.minutes 0.00001', '--minutes 0.00002'],
  ])('%s', async (flag, cap, reached, higher) => {
    const { code, stdout } = await runCli(folder, ['run', flag, cap]);
    expect(code).toBe(4);
    expect(stdout).toContain(`${reached} is reached`);
    expect(stdout).toContain(higher);
  });
});

test('without a sandbox nothing runs, and each way to get one is named', async () => {
  const bin = join(folderWith({}), 'bin');
  mkdirSync(bin);
  const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
  writeFileSync(join(bin, 'python3'), `#!/bin/sh\nexec ${python.trim()} "$@"\n`, { mode: 0o755 });
  const { code, stderr } = await runCli(folder, ['run'], { PATH: bin });
  expect(stderr).toContain('No sandbox works here, so nothing was run');
  expect(stderr).toContain('apt-get install -y bubblewrap');
  expect(stderr).toContain('say --sandbox none; the log will say so');
  expect(code).toBe(3);
});

describe('a file of ours that was changed by hand is named; nothing of a stack of calls', () => {
  const said = ({ code, stderr }: { code: number | null; stderr: string }) => {
    expect(stderr).not.toMatch(/^ {4}at /m);
    return { code, stderr };
  };

  test('a run: the others are listed all the same', async () => {
    const damaged = folderWith({ 'a.baton.yaml': workflow, 'replies.jsonl': replies });
    await runCli(damaged, ['run', '--tasks', 'one']);
    for (const [name, text] of [
      ['no-json', '{"format": 1'],
      ['no-run', '{"format": 1}'],
      ['newer', '{"format": 99}'],
    ] as const) {
      const run = join(damaged, '.baton/runs', name);
      mkdirSync(run);
      writeFileSync(join(run, 'run.json'), text);
      const { code, stderr } = said(await runCli(damaged, ['show', name]));
      expect(stderr).toMatch(
        name === 'newer' ? /newer Baton .*update Baton/ : /run.json is not a run of Baton: \S/,
      );
      expect(code).toBe(1);
    }
    const { code, stdout, stderr } = await runCli(damaged, ['runs', '--json']);
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { runs: unknown[] }).runs).toHaveLength(1);
    expect(stderr.match(/left out: /g)).toHaveLength(3);
  });

  test('a line of its log, or of a rollout: every command that reads it says which', async () => {
    const damaged = folderWith({ 'a.baton.yaml': workflow, 'replies.jsonl': replies });
    await runCli(damaged, ['run', '--tasks', 'one']);
    const [run] = listRuns(damaged);
    const spoil = (path: string, type: string) => {
      const lines = readFileSync(path, 'utf8').split('\n');
      const at = lines.findIndex((line) => line.includes(`"type":"${type}"`));
      lines[at] = lines[at]!.replace('"type"', '"tipe"');
      writeFileSync(path, lines.join('\n'));
      return at + 1;
    };
    const inside = spoil(run!.rollout('run.one.0'), 'action.started');
    const why = said(await runCli(damaged, ['why', 'last', 'run.one.0']));
    expect(why.stderr).toContain(`line ${inside} of the log of run.one.0 is damaged`);
    const line = spoil(run!.log, 'rollout.ended');
    for (const command of ['why', 'show', 'score --coach contracts', 'export --as csv', 'resume']) {
      const { stderr } = said(await runCli(damaged, command.split(' ')));
      expect(stderr, command).toContain(
        `line ${line} of the log of ${run!.name} is damaged (its check sum does not match)`,
      );
    }
  });

  test('the keys', async () => {
    const place = folderWith({});
    mkdirSync(join(place, '.config/baton'), { recursive: true });
    writeFileSync(join(place, '.config/baton/secrets.json'), 'KEY=1');
    const { code, stderr } = said(await runCli(place, ['secret', 'list']));
    expect(stderr).toContain(
      "secrets.json is not a file of Baton's secrets (move it away and set them again)",
    );
    expect(code).toBe(1);
  });

  test('what roles act with', async () => {
    const place = folderWith({ 'a.baton.yaml': workflow, 'replies.jsonl': replies });
    mkdirSync(join(place, '.baton/policies'), { recursive: true });
    writeFileSync(join(place, '.baton/policies/current.json'), '[]');
    const { code, stderr } = said(await runCli(place, ['policies']));
    expect(stderr).toMatch(/current.json is not what roles act with \(promote them again\): \S/);
    expect(code).toBe(1);
  });
});
