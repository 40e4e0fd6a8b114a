import { mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { countingServer, folderWith, runCli } from './command.js';

const good = `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: [{prompt: Say something.}]
artifacts: {answer: {kind: message, checks: [words > 1]}}
agents: {speaker: {role: Speak., produces: [answer]}}
`;
const replies = '{"reply": "two words"}\n';

test('check: a good file is fine, a bad one gives its problems as JSON with exit 1', async () => {
  const folder = folderWith({ 'a.baton.yaml': good, 'replies.jsonl': replies });
  expect(await runCli(folder, ['check'])).toMatchObject({ code: 0, stdout: 'No problems.\n' });
  writeFileSync(join(folder, 'a.baton.yaml'), good.replace('words > 1', 'wrds > 1'));
  const bad = await runCli(folder, ['check', 'a.baton.yaml', '--json']);
  expect(bad.code).toBe(1);
  const { problems } = JSON.parse(bad.stdout) as { problems: unknown[] };
  expect(problems).toEqual([
    {
      code: 'expression.unknown-name',
      severity: 'error',
      message: expect.stringContaining('Did you mean "words"?'),
      file: 'a.baton.yaml',
      line: 4,
      column: 46,
      endLine: 4,
      endColumn: 50,
    },
  ]);
});

test('usage errors exit with 2', async () => {
  const folder = folderWith({});
  expect((await runCli(folder, ['nonsense'])).code).toBe(2);
  expect((await runCli(folder, ['check'])).code).toBe(2);
  expect((await runCli(folder, ['why'])).code).toBe(2);
});

test.each([
  [['run', '--nope', '--json'], /unknown option '--nope'/],
  [['compare', 'one', '--json'], /missing required argument 'run-b'/],
  [['run', '--calls', '-1', '--json'], /--calls/],
  [['nonsense', '--json'], /unknown command 'nonsense'/],
  [['--json'], /^Name a command; baton --help lists them\.$/],
  [['jobs', '--json'], /^Name a command/],
])('with --json a usage error is JSON, too: %j', async (args, says) => {
  const ran = await runCli(folderWith({}), args);
  expect(ran.code).toBe(2);
  expect(JSON.parse(ran.stdout)).toEqual({
    error: { code: 'usage', message: expect.stringMatching(says) },
  });
});

test('a role that no team here has is not pinned, and what is pinned stays readable', async () => {
  const folder = folderWith({});
  await runCli(folder, ['init', '.', '--template', 'blank', '--json']);
  for (const name of ['my role', '../x', 'zzz']) {
    const ran = await runCli(folder, ['pin', name]);
    expect(ran.code, name).toBe(1);
    expect(ran.stderr).toContain(`No team here has a role "${name}"; there are: researcher, writer`);
  }
  expect((await runCli(folder, ['pin', 'writer'])).stdout).toBe('writer is pinned.\n');
  expect((await runCli(folder, ['policies'])).code).toBe(0);
});

test('the help lists each command in a group of what belongs together', async () => {
  const help = await runCli(folderWith({}), ['--help']);
  expect(help.code).toBe(0);
  const headings = help.stdout.split('\n').filter((line) => /^\S.*:$/.test(line));
  expect(headings).toEqual([
    'Options:',
    'Start:',
    'Run a team:',
    'See who broke it:',
    'Train its roles:',
    'On other machines:',
  ]);
});

test('a base that the engine cannot start from is named', async () => {
  const folder = folderWith({});
  await runCli(folder, ['init', '.', '--template', 'table-team']);
  const ran = await runCli(folder, ['train', '--engine', 'tfjs', '--base', folder]);
  expect(ran.code).toBe(3);
  expect(ran.stderr).toMatch(/is no base model of the tfjs engine.*--engine torch/);
});

test('a run that goes on keeps what it may fail under, unless it is told another', async () => {
  const two = good.replace(/^tasks:.*$/m, 'tasks: [{prompt: One}, {prompt: Two}]');
  const folder = folderWith({ 'a.baton.yaml': two, 'replies.jsonl': '{"reply": "one"}\n' });
  expect((await runCli(folder, ['run', '--calls', '1', '--fail-under', '50'])).code).toBe(4);
  expect((await runCli(folder, ['resume', '--calls', '9'])).code).toBe(1);
  expect((await runCli(folder, ['resume', '--fail-under', '0'])).code).toBe(0);
});

test('run, why, runs and show read the same log; --fail-under decides the exit code', async () => {
  const folder = folderWith({ 'a.baton.yaml': good, 'replies.jsonl': '{"reply": "one"}\n' });
  const run = await runCli(folder, ['run', '--json', '--fail-under', '50']);
  expect(run.code, run.stderr).toBe(1);
  const last = JSON.parse(run.stdout.trim().split('\n').at(-1)!) as {
    summary: { success: number; blame: { role: string; code: string }[] };
  };
  expect(last.summary).toMatchObject({ success: 0, blame: [{ role: 'speaker', code: 'contract.broken' }] });
  const why = await runCli(folder, ['why', '--json']);
  expect(JSON.parse(why.stdout)).toMatchObject({
    blame: [{ role: 'speaker', code: 'contract.broken', rollouts: 1 }],
  });
  const one = await runCli(folder, ['why', 'last', 'run.task-1.0']);
  expect(one.stdout).toContain(
    'broken by speaker in speaker.0.0: answer: "words > 1" does not hold (words is 1).',
  );
  expect(JSON.parse((await runCli(folder, ['runs', '--json'])).stdout)).toMatchObject({
    runs: [{ kind: 'run', rollouts: 1, success: 0 }],
  });
  expect((await runCli(folder, ['show', 'last', 'run.task-1.0'])).stdout).toContain('-- broken: answer:');
});

test('what is said to be typed next works where it was typed, beside the run and elsewhere', async () => {
  const folder = folderWith({ 'a.baton.yaml': good, 'replies.jsonl': '{"reply": "one"}\n' });
  await runCli(folder, ['run']);
  for (const [place, run] of [
    [folder, 'last'],
    [
      folderWith({}),
      realpathSync(join(folder, '.baton/runs/', readdirSync(join(folder, '.baton/runs'))[0]!)),
    ],
  ] as const) {
    const said = (await runCli(place, ['why', run])).stdout;
    const [, again] = /^One of them in full: baton (.*)$/m.exec(said)!;
    expect((await runCli(place, again!.split(' '))).stdout).toContain('broken by speaker');
  }
});

test('what an agent wrote cannot drive the terminal (hostile case 25)', async () => {
  const folder = folderWith({
    'a.baton.yaml': good,
    'replies.jsonl': `${JSON.stringify({ reply: 'two \u001b]0;owned\u0007 \u001b[31mred' })}\n`,
  });
  await runCli(folder, ['run']);
  const shown = await runCli(folder, ['show', 'last', 'run.task-1.0']);
  expect(shown.stdout).toContain('owned');
  expect(shown.stdout.includes('\u001b]')).toBe(false);
  expect(shown.stdout.includes('\u001b[31m')).toBe(false);
});

test('hostile case 27: a key goes to its own origin and to no other, and stands in no log', async () => {
  const canary = 'sk-canary-5150';
  const seen: string[] = [];
  const server = await countingServer(() => 'two words');
  server.server.on('request', (request) => void seen.push(String(request.headers.authorization)));
  const file = good.replace(
    '{provider: recorded, file: replies.jsonl}',
    `{provider: openai, base_url: "${server.url}", model: m, api_key: "\${secret:KEY}"}`,
  );
  const folder = folderWith({ 'a.baton.yaml': file });
  mkdirSync(join(folder, '.config/baton'), { recursive: true });
  const store = (origin: string) =>
    writeFileSync(join(folder, '.config/baton/secrets.json'), JSON.stringify({ KEY: { [origin]: canary } }));
  store('https://api.example.com');
  const refused = await runCli(folder, ['run']);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain('It is stored for https://api.example.com, and goes nowhere else');
  expect(server.calls()).toBe(0);
  store(new URL(server.url).origin);
  expect((await runCli(folder, ['run'])).code).toBe(0);
  expect(seen).toEqual([`Bearer ${canary}`]);
  const everything =
    (await runCli(folder, ['show', 'last', 'run.task-1.0', '--json'])).stdout +
    (await runCli(folder, ['show', '--json'])).stdout;
  expect(everything).not.toContain(canary);
  server.server.close();
});
