// What is done with a run after it: branches, passes of a judge, comparisons and exports keep to its settings and caps.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { listRuns, readLog } from '../../../src/trace/index.js';
import { countingServer, folderWith, programReplies, runCli } from './command.js';

const asked: { temperature?: number; model?: string }[] = [];
let server: Awaited<ReturnType<typeof countingServer>>;
beforeAll(async () => {
  server = await countingServer((body) => {
    asked.push(body);
    return 'one two three';
  });
});
afterAll(() => server.server.close());
beforeEach(() => {
  asked.length = 0;
});

const team = (more = '') => `baton: 1
models: {m: {provider: openai, base_url: "${server.url}", model: x}}
tasks: [{prompt: go}, {prompt: come}]
artifacts:
  words: {kind: message, checks: [words == 3]}
  answer: {kind: message, checks: [words == 3]}
agents:
  reader: {role: Read., produces: [words]}
  writer: {role: Write., consumes: [words], produces: [answer]}
${more}`;
const last = (text: string) => JSON.parse(text.trim().split('\n').at(-1)!) as Record<string, unknown>;

test('a branch of an evaluation acts with its temperature', async () => {
  const measured = team().replace(/tasks: .*/, 'tasks: [{prompt: go, split: test}]');
  const folder = folderWith({ 'a.baton.yaml': measured, 'reply.txt': 'one two three' });
  const ran = await runCli(folder, ['eval', '--temperature', '0']);
  expect(ran.code, ran.stderr).toBe(0);
  const [run] = listRuns(folder);
  const rollout = `eval.${run!.readInfo().tasks[0]}.0`;
  asked.length = 0;
  const forked = await runCli(folder, ['fork', 'last', rollout, 'reader.0.0', '--reply', 'reply.txt']);
  expect(forked.code, forked.stderr).toBe(0);
  expect(asked.map(({ temperature }) => temperature)).toEqual([0]);
});

test('a branch that a cap stopped keeps its run open, until it is raised', async () => {
  const folder = folderWith({ 'a.baton.yaml': team(), 'reply.txt': 'one two three' });
  expect((await runCli(folder, ['run'])).code).toBe(0);
  const fork = ['fork', 'last', 'run.task-1.0', 'reader.0.0', '--reply', 'reply.txt'];
  expect((await runCli(folder, [...fork, '--calls', '4'])).code).toBe(4);
  const again = await runCli(folder, ['resume', '--json']);
  expect(again).toMatchObject({ code: 4 });
  expect(last(again.stdout)).toMatchObject({ status: 'budget', summary: { rollouts: 2 } });
  const raised = await runCli(folder, ['resume', '--calls', '9', '--json']);
  expect(raised).toMatchObject({ code: 0 });
  const [run] = listRuns(folder);
  const log = readLog(run!.rollout('run.task-1.0.fork-1')).events;
  expect(log.at(-1)).toMatchObject({ type: 'rollout.finished', data: { status: 'done' } });

  // The branch is explained and overruled as any rollout is; what it copied is its parent's in an export.
  const why = await runCli(folder, ['why', 'last', 'run.task-1.0.fork-1']);
  expect(why.stdout).toContain('run.task-1.0.fork-1: succeeded');
  const overrule = ['overrule', 'last', 'run.task-1.0', 'reader.0.0', '--score', '3', '--reason', 'dull'];
  expect((await runCli(folder, overrule)).code).toBe(0);
  const csv = await runCli(folder, ['export', '--as', 'csv', '--forks', '--out', 'a.csv', '--json']);
  // Two rollouts of two actions, and of the branch the one that was replaced and the one after it.
  expect(last(csv.stdout)).toMatchObject({ as: 'csv', count: 6 });
  expect(await runCli(folder, ['export', '--as', 'csv', '--json'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('CSV is no JSON: name a file for it with --out.'),
  });
  const pairs = await runCli(folder, ['export', '--as', 'preferences', '--forks', '--margin', '1']);
  expect(pairs.stdout).toBe('');
  const differ = await runCli(folder, ['diff', 'last', 'run.task-1.0', 'run.task-2.0', '--json']);
  expect(JSON.parse(differ.stdout)).toMatchObject({
    actions: [{ action: 'reader.0.0', scores: [3, 8] }, {}],
  });
});

test('once the only one who was blamed is cleared, the failures are still told', async () => {
  const folder = folderWith({ 'a.baton.yaml': team('outcome: {success: answer.words == 4}\n') });
  expect((await runCli(folder, ['run'])).code).toBe(0);
  expect((await runCli(folder, ['why'])).stdout).toMatch(/writer +outcome.missed +2 \(100 %\)/);
  for (const task of ['task-1', 'task-2']) {
    const told = ['--score', '8', '--reason', 'as asked'];
    expect((await runCli(folder, ['overrule', 'last', `run.${task}.0`, 'writer.0.0', ...told])).code).toBe(0);
  }
  const why = await runCli(folder, ['why']);
  expect(why.stdout).toContain('There are 2 failed rollouts that nobody is blamed for.');
  expect(why.stdout).not.toContain('Nobody broke the work');
  const one = await runCli(folder, ['why', 'last', 'run.task-1.0']);
  expect(one.stdout).toContain('nobody is blamed for it');
  expect(last((await runCli(folder, ['why', '--json'])).stdout)).toMatchObject({ blame: [], unblamed: 2 });
});

test('who never read what it was handed did not break a rollout that succeeded', async () => {
  const folder = folderWith({
    'a.baton.yaml': `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: [{prompt: go}]
artifacts: {note: {path: note.txt}, report: {path: report.txt}}
agents:
  one: {role: Note., prompt: I am one, produces: [note]}
  two: {role: Report., prompt: I am two, consumes: [note], produces: [report]}
`,
    'replies.jsonl': programReplies({
      one: 'open("note.txt", "w").write("a")',
      two: 'open("report.txt", "w").write("a")',
    }),
  });
  expect((await runCli(folder, ['run'])).code).toBe(0);
  const why = await runCli(folder, ['why', 'last', 'run.task-1.0']);
  expect(why.stdout).toContain('run.task-1.0: succeeded');
  expect(why.stdout).toContain('artifact.unread');
  expect(why.stdout).not.toContain('broken by');
});

test('runs are compared on the tasks that both have, and what is left out is said', async () => {
  const hard = team('outcome: {success: task.id == "task-1"}\n');
  const folder = folderWith({ 'a.baton.yaml': hard });
  expect((await runCli(folder, ['run'])).code).toBe(0);
  expect((await runCli(folder, ['run', '--tasks', 'task-1'])).code).toBe(0);
  const [few, all] = listRuns(folder).map(({ name }) => name);
  const compared = await runCli(folder, ['compare', all!, few!, '--json']);
  expect(last(compared.stdout)).toMatchObject({
    before: { rollouts: 1, success: { mean: 1 } },
    after: { rollouts: 1, success: { mean: 1 } },
    change: { success: { difference: { mean: 0, n: 1 }, unpaired: ['task-2'] } },
    leftOut: { before: { rollouts: 1, tasks: ['task-2'] }, after: { rollouts: 0, tasks: [] } },
  });
  const said = (await runCli(folder, ['compare', all!, few!])).stdout;
  expect(said).toContain(`left out: 1 rollout of ${all} that ${few} has not (task-2)`);
});

test('a rollout that a server failed says why, has nothing to overrule, and no branch', async () => {
  const folder = folderWith({ 'a.baton.yaml': team().replace(server.url, 'http://127.0.0.1:9/v1') });
  expect((await runCli(folder, ['run'])).code).toBe(3);
  const why = await runCli(folder, ['why', 'last', 'run.task-1.0']);
  expect(why.stdout).toMatch(/^run.task-1.0: failed \(.*127\.0\.0\.1:9/);
  const overrule = ['overrule', 'last', 'run.task-1.0', 'reader.0.0', '--score', '5', '--reason', 'so'];
  expect(await runCli(folder, overrule)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('was never judged'),
  });
});

test('a cap on dollars is refused where it cannot be kept, wherever it was said', async () => {
  const remote = team().replace(server.url, 'http://models.invalid/v1');
  const folder = folderWith({ 'a.baton.yaml': remote });
  expect(await runCli(folder, ['run', '--dollars', '1'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"m" is remote and has no price'),
  });
});

test('a pass of a judge keeps its cap over all its sittings, and says how it goes on', async () => {
  const folder = folderWith({ 'a.baton.yaml': team('limits: {calls: 4}\n') });
  expect((await runCli(folder, ['run'])).code).toBe(0);
  const sitting = async (...more: string[]) => {
    const before = server.calls();
    const ran = await runCli(folder, ['score', '--coach', 'm', ...more]);
    return { ...ran, bought: server.calls() - before };
  };
  const first = await sitting();
  expect(first).toMatchObject({ code: 4, bought: 4 });
  expect(first.stdout).toMatch(/limits.calls 4 is reached.* score \S+ --coach m --calls 8/);
  expect(await sitting()).toMatchObject({ code: 4, bought: 0 });
  const json = await sitting('--json');
  expect(last(json.stdout)).toMatchObject({ event: 'score.stopped', why: 'limits.calls 4' });
  const done = await sitting('--calls', '100');
  expect(done.code, done.stderr).toBe(0);
});

test('a folder that cannot be written to is named, and nothing is a stack of calls', async () => {
  const folder = folderWith({ 'a.baton.yaml': team() });
  writeFileSync(join(folder, '.baton'), 'no folder');
  const ran = await runCli(folder, ['run']);
  expect(ran.code).toBe(3);
  expect(ran.stderr).toMatch(/\.baton/);
  expect(ran.stderr).not.toMatch(/\n\s+at /);
  expect(readFileSync(join(folder, '.baton'), 'utf8')).toBe('no folder');
  const other = folderWith({ 'a.baton.yaml': team() });
  expect((await runCli(other, ['run'])).code).toBe(0);
  const out = await runCli(other, ['export', '--as', 'csv', '--out', '/nonexistent/x.csv']);
  expect(out).toMatchObject({ code: 3, stderr: expect.stringMatching(/^baton: ENOENT.*nonexistent/) });
  expect(out.stderr).not.toMatch(/\n\s+at /);
});
