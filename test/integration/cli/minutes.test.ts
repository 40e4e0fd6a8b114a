// The minutes are over while something is under way: it ends then, and not when it is done.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listRuns, readLog } from '../../../src/trace/index.js';
import { folderWith, type Ran, runCli } from './command.js';

/** A server that leaves a model's calls unanswered as long as the model is in `hung`. */
const hung = new Set<string>();
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { model } = JSON.parse(Buffer.concat(chunks).toString()) as { model: string };
    if (hung.has(model)) return;
    const content = replies[model];
    const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }];
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ choices }));
  });
});
const verdict = { evidence: [], diagnosis: 'Fine.', advice: '', code: null, blamed_role: null };
const replies: Record<string, string> = {
  quick: 'Two words.',
  hangs: 'Two words.',
  sleeper: '```python\nimport time\ntime.sleep(8)\nprint("slept")\n```',
  judge: JSON.stringify({ ...verdict, score: 8, confidence: 1 }),
};
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => server.closeAllConnections());

const workflow = (model: string, more = '') => `baton: 1
models:
  first: {provider: openai, base_url: "${url}", model: quick}
  m: {provider: openai, base_url: "${url}", model: ${model}}
  judge: {provider: openai, base_url: "${url}", model: judge}
tasks: [{id: one, prompt: Say something.}]
artifacts: {plan: {kind: message}, answer: {kind: message}}
agents:
  planner: {role: Plan., model: first, produces: [plan]}
  speaker: {role: Speak., model: m, consumes: [plan], produces: [answer]${model === 'sleeper' ? ', tools: [python]' : ''}}
${more}`;

async function timed(folder: string, args: string[]): Promise<Ran & { seconds: number }> {
  const start = performance.now();
  const ran = await runCli(folder, args);
  return { ...ran, seconds: (performance.now() - start) / 1000 };
}

function callsOf(folder: string): string[] {
  const { events } = readLog(listRuns(folder)[0]!.rollout('run.one.0'));
  return events.flatMap((event) => (event.type === 'model.called' ? [event.data.action] : []));
}

test.each([
  ['a program', 'sleeper', '', ['planner.0.0', 'speaker.0.0'], []],
  ['a model', 'hangs', '', ['planner.0.0'], ['hangs']],
  ['a coach', 'quick', 'coach: {model: judge}\n', ['planner.0.0', 'speaker.0.0'], ['judge']],
])('%s that takes longer than the minutes', { timeout: 60_000 }, async (_who, model, more, before, hangs) => {
  for (const each of hangs) hung.add(each);
  const folder = folderWith({ 'a.baton.yaml': workflow(model, more) });
  const stopped = await timed(folder, ['run', '--minutes', '0.04']);
  expect(stopped.code, stopped.stderr).toBe(4);
  expect(stopped.seconds).toBeLessThan(7);
  expect(stopped.stdout).toContain('limits.minutes 0.04 is reached');
  expect(callsOf(folder)).toEqual(before);
  const [run] = listRuns(folder);
  expect(readLog(run!.log).events.find(({ type }) => type === 'budget.spent')?.data).toMatchObject({
    cap: 'limits.minutes 0.04',
  });
  hung.clear();
  const again = await runCli(folder, ['resume', run!.name, '--minutes', '2']);
  expect(again.code, again.stderr).toBe(0);
  expect(callsOf(folder).slice(0, 2)).toEqual(['planner.0.0', 'speaker.0.0']);
  expect(callsOf(folder).filter((action) => !action.includes('coach'))).toHaveLength(2);
});

test('a run that somebody holds', { timeout: 30_000 }, async () => {
  const folder = folderWith({ 'a.baton.yaml': workflow('quick') });
  const stopped = await timed(folder, ['run', '--hold', '--minutes', '0.03']);
  expect(stopped.code, stopped.stderr).toBe(4);
  expect(stopped.stdout).toContain('limits.minutes 0.03 is reached');
});

test('a pass of a coach over an old run ends with its minutes, too', { timeout: 60_000 }, async () => {
  const folder = folderWith({ 'a.baton.yaml': workflow('quick') });
  expect((await runCli(folder, ['run'])).code).toBe(0);
  hung.add('judge');
  const stopped = await timed(folder, ['score', 'last', '--coach', 'judge', '--minutes', '0.03']);
  hung.clear();
  expect(stopped.code, stopped.stderr).toBe(4);
  expect(stopped.seconds).toBeLessThan(7);
  expect(stopped.stdout).toContain('limits.minutes 0.03 is reached');
  expect((await runCli(folder, ['score', 'last', '--coach', 'judge'])).code).toBe(0);
});
