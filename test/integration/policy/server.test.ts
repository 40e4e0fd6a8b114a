// A model server over real HTTP: what it may answer, and how it may fail.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  type Ask,
  askWithRetries,
  type CallFailed,
  openPolicy,
  type Policy,
  type PolicySources,
} from '../../../src/policy/index.js';
import type { Model } from '../../../src/workflow/index.js';

type Asked = { stream?: boolean; response_format?: { type: string }; logprobs?: boolean; seed?: number };
type Answer = (response: ServerResponse, asked: Asked, request: IncomingMessage) => void;
let answers: Answer[] = [];
const asked: Asked[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    asked.push(JSON.parse(Buffer.concat(chunks).toString()) as Asked);
    (answers.length > 1 ? answers.shift() : answers[0])!(response, asked.at(-1)!, request);
  });
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
beforeEach(() => {
  asked.length = 0;
});
afterAll(() => server.close());

const json =
  (body: unknown, status = 200, headers = {}): Answer =>
  (response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(body));
const choice = (content: string) => ({ finish_reason: 'stop', message: { role: 'assistant', content } });
const usage = { prompt_tokens: 7, completion_tokens: 3 };
const good = json({ choices: [choice('hello')], usage });
const refused = (status: number, message: string, headers = {}) =>
  json({ error: { message } }, status, headers);
/** Server-sent events, a piece at a time. */
const events =
  (pieces: string[], end: 'whole' | 'cut' | 'error', code?: number, says = 'the model fell over'): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = (body: unknown) => response.write(`data: ${JSON.stringify(body)}\n\n`);
    for (const content of pieces) send({ choices: [{ index: 0, delta: { content } }] });
    if (end === 'cut') return void response.destroy();
    if (end === 'error') send({ error: { message: says, code } });
    else {
      send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], system_fingerprint: 'w1' });
      send({ choices: [], usage });
      response.write('data: [DONE]\n\n');
    }
    response.end();
  };

function policy(model: Partial<Model> = {}): Policy {
  const found = openPolicy(
    { name: 'm', provider: 'openai', base_url: url, model: 'm', ...model } as Model,
    null,
    {
      engine: { baseUrl: url, token: 'token' },
    } as PolicySources,
  );
  if ('missing' in found) throw new Error(found.missing);
  return found.policy;
}
const ask = (more: Partial<Ask> = {}): Ask => ({
  messages: [{ role: 'user', content: 'Say hello to them.' }],
  ...{ temperature: 1, topP: 1, maxTokens: 8, seed: 5, signal: new AbortController().signal, ...more },
});

test('a reply with what the server counted, and an estimate that says so where it counts nothing', async () => {
  answers = [good];
  expect(await policy().ask(ask())).toMatchObject({
    text: 'hello',
    finish: 'stop',
    ids: null,
    usage: { promptTokens: 7, replyTokens: 3, counted: true },
  });
  expect(asked[0]).toMatchObject({ seed: 5 });
  answers = [json({ choices: [choice('hello')] })];
  expect((await policy().ask(ask())).usage).toEqual({ promptTokens: 5, replyTokens: 2, counted: false });
});

test.each([
  ['no count of the reply', { prompt_tokens: 7 }, 7, 2],
  ['no count of the prompt', { prompt_tokens: null, completion_tokens: 3 }, 5, 3],
  ['no numbers', { prompt_tokens: '7', completion_tokens: -1 }, 5, 2],
  ['no counts at all', 'none', 5, 2],
])('a reply whose usage holds %s is used, and what is missing is estimated', async (...row) => {
  const [, given, promptTokens, replyTokens] = row;
  answers = [json({ choices: [choice('hello')], usage: given })];
  const { text, usage: told } = await policy().ask(ask());
  expect({ text, told }).toEqual({ text: 'hello', told: { promptTokens, replyTokens, counted: false } });
  expect(asked).toHaveLength(1);
});

test('token ids and log-probabilities are kept together or not at all', async () => {
  const tokens = (logprobs: number[]) =>
    json({
      prompt_token_ids: [1, 2],
      system_fingerprint: 'abc',
      choices: [
        {
          ...choice('hi'),
          token_ids: [3, 4],
          logprobs: { content: logprobs.map((logprob) => ({ logprob })) },
        },
      ],
    });
  const embedded = policy({ provider: 'embedded' });
  answers = [tokens([-0.5, -0.25])];
  expect(await embedded.ask(ask())).toMatchObject({
    ...{ promptIds: [1, 2], ids: [3, 4], logprobs: [-0.5, -0.25], weights: 'abc' },
  });
  expect(asked[0]).toMatchObject({ logprobs: true, return_token_ids: true });
  answers = [tokens([-0.5])];
  expect(await embedded.ask(ask())).toMatchObject({ ids: null, logprobs: null });
});

test('a reply is shown as it is written, and comes out as if it had been sent whole', async () => {
  const pieces: string[] = [];
  answers = [events(['hel', 'lo'], 'whole')];
  const reply = await policy().ask(ask({ onText: (text) => void pieces.push(text) }));
  expect(pieces).toEqual(['hel', 'lo']);
  expect(reply).toMatchObject({
    text: 'hello',
    finish: 'stop',
    weights: 'w1',
    usage: { replyTokens: 3, counted: true },
  });
  expect(asked).toEqual([expect.objectContaining({ stream: true, stream_options: { include_usage: true } })]);
});

test('a server that streams nothing answers whole; one that refuses to is not asked to again', async () => {
  const model = policy();
  const onText = () => undefined;
  answers = [good];
  expect(await model.ask(ask({ onText }))).toMatchObject({ text: 'hello' });
  answers = [refused(400, 'stream is not supported'), good];
  const { reply, attempt } = await askWithRetries(model, ask({ onText }), {
    attempts: 3,
    onFailure: () => undefined,
  });
  expect(reply.text).toBe('hello');
  expect(attempt).toBe(1);
  expect(asked.at(-1)!.stream).toBeUndefined();
  // An engine of ours is never asked to.
  await policy({ provider: 'embedded' }).ask(ask({ onText }));
  expect(asked.at(-1)!.stream).toBeUndefined();
});

test('a server that knows no schemas is asked without one, and not with one again', async () => {
  const model = policy();
  const options = { attempts: 3, onFailure: () => undefined };
  const schema = { type: 'object' };
  answers = [refused(400, 'This response_format type is unavailable now'), good];
  const { reply, attempt } = await askWithRetries(model, ask({ schema }), options);
  expect({ text: reply.text, attempt }).toEqual({ text: 'hello', attempt: 1 });
  await model.ask(ask({ schema }));
  expect(asked.map((each) => each.response_format?.type)).toEqual(['json_schema', undefined, undefined]);
  // Anything else that it refuses is no matter of the schema.
  answers = [refused(400, 'the prompt is too long')];
  await expect(askWithRetries(policy(), ask({ schema }), options)).rejects.toThrow('too long');
  answers = [refused(400, 'no such schema')];
  await expect(askWithRetries(policy(), ask(), options)).rejects.toThrow('no such schema');
  expect(asked).toHaveLength(5);
});

test('a model that knows the limit by its newer name, and no sampling but its own, is asked so, also where several are asked at once', async () => {
  const model = policy();
  const options = { attempts: 3, onFailure: () => undefined };
  answers = [
    (response, body, request) => {
      const told = body as Asked & Record<string, unknown>;
      const no = (name: string, more = '') =>
        refused(400, `Unsupported parameter: '${name}' is not supported with this model.${more}`);
      const answer =
        'max_tokens' in told
          ? no('max_tokens', " Use 'max_completion_tokens' instead.")
          : 'top_p' in told
            ? no('top_p')
            : good;
      answer(response, body, request);
    },
  ];
  const both = [ask({ topP: 1, maxTokens: 9 }), ask({ topP: 1, maxTokens: 9 })];
  const replies = await Promise.all(both.map((each) => askWithRetries(model, each, options)));
  expect(replies.map(({ reply }) => reply.text)).toEqual(['hello', 'hello']);
  await model.ask(both[0]!);
  expect(asked.at(-1)).toMatchObject({ max_completion_tokens: 9 });
  expect(asked.at(-1)).not.toHaveProperty('top_p');
  // What was asked for is not left out because it is refused.
  await expect(model.ask(ask({ topP: 0.5 }))).rejects.toThrow(/'top_p' is not supported/);
});

const failed = (over: Partial<Ask> = {}, model?: Partial<Model>) =>
  policy(model)
    .ask(ask(over))
    .then(
      () => 'it did not fail',
      (error: CallFailed) => ({ says: error.message, again: error.again, wait: error.wait }),
    );

test.each<[string, Answer, RegExp, boolean]>([
  ['401', refused(401, 'no such key'), /refused m \(HTTP 401\).*no such key/, false],
  ['404', refused(404, 'no such model'), /HTTP 404/, false],
  ['429', refused(429, 'slow down', { 'retry-after': '3' }), /HTTP 429/, true],
  ['500', refused(500, 'oops'), /HTTP 500/, true],
  [
    'an error in a reply of HTTP 200',
    json({ error: { message: 'Provider quota exceeded', code: 402 } }),
    /refused m \(HTTP 402\).*Provider quota exceeded/,
    false,
  ],
  ['such an error that passes', json({ error: { message: 'busy', code: '503' } }), /HTTP 503\).*busy/, true],
  [
    'such an error with a code of its own',
    json({ error: { message: 'odd', code: 'x' } }),
    /refused m \(HTTP \?\): odd/,
    true,
  ],
  ['such an error in words', json({ error: 'no such model' }), /refused m .*no such model/, true],
  ['something else', json({ object: 'list', data: [] }), /is not a chat completion/, true],
  [
    'no JSON',
    (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('<html>'),
    /cannot be read/,
    true,
  ],
  [
    'a cut connection',
    (response) => void response.destroy(),
    /The connection to .* broke before it answered \(/,
    true,
  ],
])('it fails with %s: what is said, and whether it is asked again', async (name, answer, says, again) => {
  answers = [answer];
  const found = await failed();
  expect(found).toMatchObject({ says: expect.stringMatching(says), again, wait: name === '429' ? 3 : null });
});

test.each([
  ['cut', 'cut', /broke off|broke before|cannot be read/],
  ['error', 'error', /the model fell over/],
] as const)('a stream that ends with %s is no reply', async (_name, end, says) => {
  answers = [events(['hel'], end)];
  const found = await failed({ onText: () => undefined });
  expect(found).toMatchObject({ says: expect.stringMatching(says), again: true });
});

const KEY = 'sk-secret-0123456789';
/** What a model that is asked with KEY says, or why it does not. */
const keyed = (over: Partial<Ask> = {}) => {
  const sources = { env: { BATON_KEY: KEY }, allowEnv: [] as string[] } as unknown as PolicySources;
  const model = { name: 'm', provider: 'openai', base_url: url, model: 'm', api_key: '${env:BATON_KEY}' };
  const found = openPolicy(model as Model, null, sources);
  if ('missing' in found) throw new Error(found.missing);
  return found.policy.ask(ask(over)).then(
    ({ text }) => text,
    (error: CallFailed) => error.message,
  );
};
/** Says back what it was sent. */
const echo =
  (answer: (key: string) => Answer): Answer =>
  (response, body, request) =>
    answer(request.headers.authorization!)(response, body, request);

test.each<[string, (sent: string) => Answer, Partial<Ask>]>([
  ['refuses', (sent) => refused(401, `no such key: ${sent}`), {}],
  ['refuses at length', (sent) => refused(401, `${'x'.repeat(280)} ${sent}`), {}],
  ['refuses without words of its own', (sent) => json({ error: { headers: { sent } } }, 403), {}],
  ['refuses with HTTP 200', (sent) => json({ error: { message: sent, code: 401 } }), {}],
  ['refuses in a page', (sent) => (response) => void response.writeHead(500).end(`<p>${sent}</p>`), {}],
  ['ends a stream with an error', (sent) => events([], 'error', 401, sent), { onText: () => undefined }],
  ['answers', (sent) => json({ choices: [choice(`You said ${sent}.`)], usage }), {}],
])('a key that a server says back where it %s is told to nobody', async (_name, answer, over) => {
  answers = [echo(answer)];
  const found = await keyed(over);
  expect(found).toMatch(/Bearer \[key\]|x{280}/);
  expect(found).not.toContain(KEY.slice(0, 8));
});

test('a stream that ends with an error is asked again only as its code says', async () => {
  answers = [events(['hel'], 'error', 402)];
  const found = await failed({ onText: () => undefined });
  expect(found).toMatchObject({ says: expect.stringMatching(/HTTP 402.*the model fell over/), again: false });
});

test('a server that is not there, and one that is too slow', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const base_url = `http://127.0.0.1:${(closed.address() as AddressInfo).port}/v1`;
  await new Promise((resolve) => closed.close(resolve));
  expect(await failed({}, { base_url })).toMatchObject({
    says: `Nothing answers at ${base_url} (ECONNREFUSED); is the server running?`,
    again: true,
  });
  answers = [() => undefined];
  expect(await failed({}, { timeout: 0.2 })).toMatchObject({
    says: 'm did not answer within 0.2 s.',
    again: true,
  });
});

/** Headers and a part of the body, and then nothing more. */
const half =
  (type: string, part: string): Answer =>
  (response) =>
    void response.writeHead(200, { 'content-type': type }).write(part);

test.each<[string, Answer, Partial<Ask>]>([
  ['whole', half('application/json', '{"choices": ['), {}],
  [
    'as a stream',
    half('text/event-stream', 'data: {"choices":[{"delta":{"content":"hel"}}]}\n\n'),
    { onText: () => undefined },
  ],
  ['whole where a stream was asked for', half('application/json', '{'), { onText: () => undefined }],
])('a server that hangs in the middle of its reply is given up: %s', async (_name, answer, over) => {
  answers = [answer];
  expect(await failed(over, { timeout: 0.3 })).toEqual({
    says: 'm did not answer within 0.3 s.',
    again: true,
    wait: null,
  });
});

test('cancelling ends a call at once, and the server sees it go', async () => {
  const abort = new AbortController();
  let gone: Promise<unknown> = Promise.resolve();
  answers = [
    (_response, _asked, request) => {
      gone = once(request.socket, 'close');
      abort.abort();
    },
  ];
  await expect(policy().ask(ask({ signal: abort.signal }))).rejects.toThrow(/abort/i);
  await gone;
});

test('it is asked again a bounded number of times, after waits that grow, and as long as the server asks for', async () => {
  const failures: { attempt: number; again: boolean }[] = [];
  const options = {
    attempts: 3,
    onFailure: ({ attempt, again }: { attempt: number; again: boolean }) =>
      void failures.push({ attempt, again }),
  };
  answers = [refused(500, 'oops')];
  let start = performance.now();
  await expect(askWithRetries(policy(), ask(), options)).rejects.toThrow('HTTP 500');
  // Half to all of 0.5 and of 1 s.
  expect(performance.now() - start).toBeGreaterThan(740);
  expect(asked).toHaveLength(3);
  expect(failures).toEqual([
    { attempt: 0, again: true },
    { attempt: 1, again: true },
    { attempt: 2, again: false },
  ]);
  asked.length = 0;
  await expect(askWithRetries(policy(), ask(), { ...options, attempts: 1 })).rejects.toThrow('HTTP 500');
  answers = [refused(401, 'no')];
  await expect(askWithRetries(policy(), ask(), options)).rejects.toThrow('HTTP 401');
  expect(asked).toHaveLength(2);
  answers = [refused(429, 'slow down', { 'retry-after': '1' }), good];
  start = performance.now();
  await askWithRetries(policy(), ask(), options);
  expect(performance.now() - start).toBeGreaterThan(990);
});
