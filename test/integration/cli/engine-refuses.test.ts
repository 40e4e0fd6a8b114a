// An engine that goes on but answers no call: a training ends there, rather than learn from rollouts that nobody carried.
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listRuns, RolloutPages, readLog } from '../../../src/trace/index.js';
import { folderWith, startCli } from './command.js';

const workflow = `baton: 1
models: {m: {provider: embedded, max_tokens: 8}}
tasks:
${Array.from({ length: 12 }, (_, at) => `  - {prompt: "say ${at}", split: ${['train', 'select', 'test'][at % 3]}}`).join('\n')}
artifacts: {answer: {kind: message, checks: [words > 100000]}}
agents: {analyst: {role: Write., model: m, produces: [answer]}}
`;
const sizes = ['--steps', '1', '--rollouts', '4', '--eval-tasks', '2', '--select-tasks', '2'];

/** A way to an engine that answers 500 to every call of a model while `fails` says so. */
async function between(engine: string, fails: () => boolean) {
  const server = createServer((asked, reply) => {
    const { method, headers, url } = asked;
    if (url === '/v1/chat/completions' && fails()) {
      const error = { code: 'engine.failed', message: 'the kernel is out of order', type: 'engine' };
      asked.resume().on('end', () => reply.writeHead(500).end(JSON.stringify({ error })));
      return;
    }
    const there = request(new URL(url!, engine), { method, headers }, (answer) => {
      reply.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(reply);
    });
    asked.pipe(there.on('error', () => reply.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('a training ends where its engine answers nothing, in a measurement and in a step, and goes on when it does', {
  timeout: 240_000,
}, async () => {
  const folder = folderWith({ 'a.baton.yaml': workflow });
  const engine = startCli(
    folder,
    ['engine', '--dir', join(folder, 'weights'), '--backend', 'wasm'],
    {},
    'pipe',
  );
  const said = await new Promise<string>((resolve) =>
    engine.child.stdout!.once('data', (chunk: Buffer) => resolve(chunk.toString())),
  );
  const { url, token } = JSON.parse(said.split('\n')[0]!) as { url: string; token: string };
  let fails = () => true;
  const way = await between(url, () => fails());
  const env = { BATON_ENGINE_AT: JSON.stringify({ url: way.url, token }) };
  const events = () => readLog(listRuns(folder)[0]!.log).events;
  const measured = () =>
    events().flatMap((event) =>
      event.type === 'evaluation' ? [`${event.data.split}/${event.data.name}`] : [],
    );

  const first = await startCli(folder, ['train', ...sizes], env).ended;
  expect(first.code, first.stdout + first.stderr).toBe(3);
  expect(first.stderr).toMatch(
    /base on test: all 2 rollouts failed, of no agent's doing: .*the kernel is out of order.*\n.*baton resume/,
  );
  expect(measured()).toEqual([]);

  fails = () => measured().includes('select/base');
  const second = await startCli(folder, ['resume'], env).ended;
  expect(second.code, second.stdout + second.stderr).toBe(3);
  expect(second.stderr).toMatch(/step 1\/1: all 4 rollouts failed, of no agent's doing: .*out of order/);
  expect(measured()).toEqual(['test/base', 'select/base']);
  expect(events().some(({ type }) => type === 'training.step')).toBe(false);

  fails = () => false;
  const whole = await startCli(folder, ['resume'], env).ended;
  expect(whole.code, whole.stdout + whole.stderr).toBe(0);
  expect(events().filter(({ type }) => type === 'training.step')).toHaveLength(1);
  const rows = new RolloutPages(listRuns(folder)[0]!).all();
  expect(rows.map(({ status }) => status)).toEqual(rows.map(() => 'done'));
  expect(new Set(rows.map(({ rollout }) => rollout)).size).toBe(rows.length);
  engine.child.stdin!.end();
  await engine.ended;
  way.server.closeAllConnections();
  way.server.close();
});
