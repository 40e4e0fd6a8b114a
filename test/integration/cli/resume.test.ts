import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLog } from '../../../src/trace/index.js';
import { countingServer, folderWith, runCli, startCli } from './command.js';

let server: Awaited<ReturnType<typeof countingServer>>;
beforeAll(async () => {
  server = await countingServer(({ messages }) => `noted: ${messages.at(-1)!.content.slice(0, 20)}`, 8);
});
afterAll(() => void server.server.close());

const KILLS = Number(process.env.BATON_TEST_KILLS ?? 8);
const TASKS = KILLS * 5;
const workflow = (url: string) => `baton: 1
models: {m: {provider: openai, base_url: "${url}", model: m}}
tasks:
${Array.from({ length: TASKS }, (_, at) => `  - {prompt: task number ${at}}`).join('\n')}
artifacts: {note: {kind: message, checks: [words > 0]}, answer: {kind: message}}
agents:
  reader: {role: Read., produces: [note]}
  writer: {role: Write., consumes: [note], produces: [answer]}
`;

function logged(folder: string): { calls: number; damage: number } {
  const runs = join(folder, '.baton/runs');
  const run = join(runs, readdirSync(runs)[0]!);
  const logs = readdirSync(join(run, 'rollouts'))
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => readLog(join(run, 'rollouts', name)));
  return {
    calls: logs.flatMap((log) => log.events).filter((event) => event.type === 'model.called').length,
    damage: logs.reduce((sum, log) => sum + log.damage.length, 0),
  };
}

test(`kill -9 ${KILLS} times: nothing logged is bought again, calls exceed the log by at most those in flight`, {
  timeout: 240_000 + KILLS * 10_000,
}, async () => {
  const folder = folderWith({ 'a.baton.yaml': workflow(server.url) });
  const concurrency = 4;
  const before = server.calls();
  let kills = 0;
  let seen = 0;
  let last = startCli(folder, ['run', '--concurrency', String(concurrency)]);
  for (;;) {
    const target = server.calls() + 1 + ((kills * 7) % 5);
    const killing = kills < KILLS ? [reached(() => server.calls() >= target)] : [];
    const ended = await Promise.race([last.ended, ...killing]);
    if (ended) {
      expect(ended.code, ended.stderr).toBe(0);
      break;
    }
    last.child.kill('SIGKILL');
    await last.ended;
    kills += 1;
    const now = logged(folder);
    expect(now.damage).toBe(0);
    expect(now.calls).toBeGreaterThanOrEqual(seen);
    seen = now.calls;
    last = startCli(folder, ['resume', '--concurrency', String(concurrency)]);
  }
  const now = logged(folder);
  expect(kills).toBe(KILLS);
  expect(now.calls).toBe(TASKS * 2);
  expect(server.calls() - before - now.calls).toBeLessThanOrEqual(kills * concurrency);
});

/** Resolves with nothing once the condition holds. */
function reached(condition: () => boolean): Promise<undefined> {
  return new Promise((resolve) => {
    const look = () => (condition() ? resolve(undefined) : setTimeout(look, 1));
    look();
  });
}

test('two writers on one run: the second is turned away and says who has it', async () => {
  const slow = await countingServer(() => 'x', 300);
  const folder = folderWith({ 'a.baton.yaml': workflow(slow.url) });
  const first = startCli(folder, ['run', '--limit', '4', '--concurrency', '1']);
  await reached(() => slow.calls() > 0);
  const second = await runCli(folder, ['resume']);
  expect(second.code).toBe(3);
  expect(second.stderr).toContain('is being written by process');
  first.child.kill('SIGTERM');
  const ended = await first.ended;
  expect(ended.code).toBe(130);
  slow.server.close();
});

test('a cap on calls stops the run with its own exit code, and what was done stays', async () => {
  const folder = folderWith({ 'a.baton.yaml': `${workflow(server.url)}limits: {calls: 7}\n` });
  const before = server.calls();
  const ended = await runCli(folder, ['run', '--concurrency', '3', '--json']);
  expect(ended.code).toBe(4);
  expect(server.calls() - before).toBe(7);
  const events = ended.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; status?: string });
  expect(events.at(-1)).toMatchObject({ event: 'run.finished', status: 'budget' });
  const runs = join(folder, '.baton/runs');
  const { events: logged } = readLog(join(runs, readdirSync(runs)[0]!, 'run.jsonl'));
  expect(logged.find(({ type }) => type === 'budget.spent')?.data).toMatchObject({
    calls: 7,
    cap: 'limits.calls 7',
  });

  // What ended before counts as well: it takes a higher cap to go on, which holds from then on.
  const resume = async (...args: string[]) => {
    const calls = server.calls();
    const { code, stdout, stderr } = await runCli(folder, ['resume', ...args]);
    return { code, said: stdout + stderr, calls: server.calls() - calls };
  };
  expect(await resume()).toMatchObject({ code: 4, calls: 0 });
  const more = await resume('--calls', '9');
  expect(more).toMatchObject({ code: 4, calls: 2 });
  expect(more.said).toMatch(
    /limits.calls 9 is reached. Go on with a higher one: baton resume \S+ --calls 18/,
  );
  expect(await resume()).toMatchObject({ code: 4, calls: 0 });
  expect(await resume('--calls', String(2 * TASKS))).toMatchObject({ code: 0, calls: 2 * TASKS - 9 });
});

test('a server that is not there: every rollout fails with a sentence, nobody is blamed', async () => {
  const folder = folderWith({
    'a.baton.yaml': workflow('http://127.0.0.1:9/v1').replace('model: m}', 'model: m, timeout: 2}'),
  });
  const ended = await runCli(folder, ['run', '--limit', '1', '--json']);
  const events = ended.stdout
    .trim()
    .split('\n')
    .map(
      (line) => JSON.parse(line) as { event: string; summary?: { blame: unknown[]; success: number | null } },
    );
  expect(events.at(-1)).toMatchObject({
    summary: { blame: [], rollouts: 0, lost: 1, success: null },
    failed: [{ reason: expect.stringMatching(/127\.0\.0\.1:9/), rollouts: [expect.any(String)] }],
  });
  // Nobody's fault, and no success: what is missing is no agent's doing.
  expect(ended.code).toBe(3);
  const why = await runCli(folder, ['why']);
  expect(why.stdout).toMatch(
    /^No rollout was judged.\n1 rollout failed, of no agent's doing: .*127\.0\.0\.1:9/,
  );
  expect((await runCli(folder, ['show'])).stdout).toContain(
    "no rollout came to its end; 1 failed of no agent's doing and is left out",
  );
  expect((await runCli(folder, ['runs'])).stdout).toMatch(/ 0 +-\n/);
});
