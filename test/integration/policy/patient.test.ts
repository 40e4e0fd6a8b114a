import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { EngineClient } from '../../../src/engine/index.js';
import { openPolicy, type PolicySources } from '../../../src/policy/index.js';
import type { Model } from '../../../src/workflow/index.js';

// A server that has not begun to answer when ten minutes have passed by the clock of this process.
let url: string;
let asked: Promise<ServerResponse>;
const server = createServer();
beforeAll(async () => {
  // For good: what counts the seconds of all calls keeps one timer.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  vi.useRealTimers();
  server.close();
});
beforeEach(() => {
  asked = once(server, 'request').then(([, response]) => response);
});

async function answerLate<T>(reply: Promise<T>, body: unknown): Promise<T> {
  // Looked at only at its end, and it may reject before.
  reply.catch(() => undefined);
  const response = await asked;
  await vi.advanceTimersByTimeAsync(600_000);
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  return reply;
}

const ask = {
  messages: [{ role: 'user' as const, content: 'Hello' }],
  temperature: 1,
  topP: 1,
  maxTokens: 8,
  seed: 1,
  signal: new AbortController().signal,
};
const body = { choices: [{ message: { content: 'at last' } }] };
function opened(model: Omit<Model, 'name'>) {
  const found = openPolicy({ name: 'slow', model: 'slow', ...model } as Model, null, {
    engine: { baseUrl: `${url}/v1`, token: 'token' },
  } as PolicySources);
  if ('missing' in found) throw new Error(found.missing);
  return found.policy;
}

test('a model that takes ten minutes is waited for where the workflow says so', async () => {
  const server = { provider: 'openai', base_url: `${url}/v1` } as const;
  const patient = opened({ ...server, timeout: 700 });
  await expect(answerLate(patient.ask(ask), body)).resolves.toMatchObject({ text: 'at last' });
});

test('one that is not is given up, and said so', async () => {
  const hasty = opened({ provider: 'openai', base_url: `${url}/v1` });
  await expect(answerLate(hasty.ask(ask), body)).rejects.toThrow('slow did not answer within 120 s.');
});

test('one that hangs in the middle of its reply is given up, however patient the workflow is', async () => {
  const patient = opened({ provider: 'openai', base_url: `${url}/v1`, timeout: 500 });
  const reply = patient.ask(ask);
  reply.catch(() => undefined);
  const response = await asked;
  response.writeHead(200, { 'content-type': 'application/json' }).write('{');
  await vi.advanceTimersByTimeAsync(501_000);
  await expect(reply).rejects.toThrow('slow did not answer within 500 s.');
});

test('an embedded model is waited for unless the workflow says how long', async () => {
  const patient = opened({ provider: 'embedded' });
  await expect(answerLate(patient.ask(ask), body)).resolves.toMatchObject({ text: 'at last' });
});

test('an engine that takes ten minutes for a call is waited for', async () => {
  const checkpoints = new EngineClient(url, 'token').checkpoints({ action: 'list' });
  await expect(answerLate(checkpoints, { checkpoints: [] })).resolves.toEqual([]);
});
