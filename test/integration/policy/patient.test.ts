import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { EngineClient } from '../../../src/engine/index.js';
import { openaiPolicy } from '../../../src/policy/index.js';

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

test('a model that takes ten minutes is waited for where the workflow says so', async () => {
  const ask = {
    messages: [{ role: 'user' as const, content: 'Hello' }],
    temperature: 1,
    topP: 1,
    maxTokens: 8,
    seed: 1,
    signal: new AbortController().signal,
  };
  const policy = (timeoutSeconds: number) =>
    openaiPolicy({ baseUrl: `${url}/v1`, model: 'slow', apiKey: null, timeoutSeconds, tokens: false });
  const body = { choices: [{ message: { content: 'at last' } }] };
  await expect(answerLate(policy(700).ask(ask), body)).resolves.toMatchObject({ text: 'at last' });
});

test('an engine that takes ten minutes for a call is waited for', async () => {
  const checkpoints = new EngineClient(url, 'token').checkpoints({ action: 'list' });
  await expect(answerLate(checkpoints, { checkpoints: [] })).resolves.toEqual([]);
});
