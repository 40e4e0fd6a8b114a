// The HTTP face: loopback only, a token on every route, bodies of bounded size, one schema a route.
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { z } from 'zod';
import { prettifyError } from 'zod';
import type { Backend } from '../backend/load.js';
import { promptIds } from '../chat.js';
import {
  type ChatReply,
  type ChatRequest,
  type CheckpointsRequest,
  chatRequest,
  checkpointsRequest,
  type Health,
  logprobsRequest,
  updateRequest,
} from '../protocol.js';
import type { Tokenizer } from '../tokenizer.js';
import { EngineError } from './errors.js';
import type { Residents } from './resident.js';
import type { Sampler } from './sampler.js';
import { score } from './score.js';
import type { PolicyStore } from './store.js';
import { streamed } from './stream.js';
import type { Updates } from './update.js';

export interface Parts {
  readonly token: string;
  readonly backend: Backend;
  readonly tokenizer: Tokenizer;
  readonly store: PolicyStore;
  readonly residents: Residents;
  readonly sampler: Sampler;
  readonly updates: Updates;
  readonly deterministic: boolean;
}

const LARGEST_BODY = 256 * 1024 * 1024;

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export function routes(parts: Parts): Hono {
  const app = new Hono();
  const wanted = digest(`Bearer ${parts.token}`);
  const refuse = (code: string, message: string) => ({
    error: { code, message, type: 'invalid_request_error' },
  });
  app.use(async (c, next) => {
    // Hashes have one length, so the comparison tells nothing about the token.
    if (timingSafeEqual(digest(c.req.header('authorization') ?? ''), wanted)) return next();
    return c.json(refuse('token.wrong', 'this engine needs its bearer token'), 401);
  });
  app.use(
    bodyLimit({
      maxSize: LARGEST_BODY,
      onError: (c) =>
        c.json(refuse('body.too_large', `a request may have ${LARGEST_BODY} bytes at most`), 413),
    }),
  );
  app.onError((error, c) => {
    if (error instanceof EngineError) return c.json(refuse(error.code, error.message), error.status);
    console.error(error);
    return c.json({ error: { code: 'engine.failed', message: error.message, type: 'server_error' } }, 500);
  });
  app.notFound((c) => c.json(refuse('route.unknown', `no route ${c.req.method} ${c.req.path}`), 404));

  const body = async <T>(request: { json(): Promise<unknown> }, schema: z.ZodType<T>): Promise<T> => {
    let json: unknown;
    try {
      json = await request.json();
    } catch {
      throw new EngineError('request.invalid', 400, 'the body is not JSON');
    }
    const parsed = schema.safeParse(json);
    if (!parsed.success) throw new EngineError('request.invalid', 400, prettifyError(parsed.error));
    return parsed.data;
  };

  app.get('/health', (c) => c.json(health(parts)));
  app.get('/v1/models', (c) => c.json({ object: 'list', data: models(parts) }));
  app.post('/v1/chat/completions', async (c) => {
    const r = await body(c.req, chatRequest);
    const reply = await chat(parts, r);
    if (!r.stream) return c.json(reply);
    const events = streamed(reply, r.stream_options?.include_usage === true);
    return c.body(events, 200, { 'content-type': 'text/event-stream' });
  });
  app.post('/baton/v1/logprobs', async (c) => {
    const r = await body(c.req, logprobsRequest);
    const policy = r.model === 'reference' ? 'reference@v0' : r.model;
    checkSequences(parts, r.sequences);
    const hash = parts.store.hash(policy);
    const weights = () => parts.residents.device(policy);
    const logprobs = await score(parts.backend, weights, r.sequences, r.temperature);
    return c.json({ model: r.model, hash, logprobs });
  });
  app.post('/baton/v1/update', async (c) => {
    const r = await body(c.req, updateRequest);
    checkSequences(parts, r.sequences);
    return c.json(await parts.updates.update(r));
  });
  app.post('/baton/v1/checkpoints', async (c) =>
    c.json({ checkpoints: checkpoints(parts, await body(c.req, checkpointsRequest)) }),
  );
  return app;
}

function health({ backend, store, deterministic }: Parts): Health {
  return {
    status: 'ok',
    engine: 'tfjs',
    backend: backend.name,
    reasons: [...backend.reasons],
    deterministic,
    base_hash: store.baseHash,
    pid: process.pid,
  };
}

function models({ store }: Parts) {
  const model = (id: string, hash: string) => ({ id, object: 'model', created: 0, owned_by: 'baton', hash });
  return [
    model('base@v0', store.baseHash),
    ...store.list().map((policy) => model(policy, store.hash(policy))),
  ];
}

/** Refuses token ids and lengths that the network cannot take. */
function checkSequences(
  { store }: Parts,
  sequences: readonly { readonly tokens: readonly number[] }[],
): void {
  const { vocab_size, max_position_embeddings } = store.base.config;
  sequences.forEach(({ tokens }, i) => {
    if (tokens.length > max_position_embeddings) {
      const limit = `the context has ${max_position_embeddings}`;
      throw new EngineError('context.too_long', 400, `sequence ${i} has ${tokens.length} tokens, ${limit}`);
    }
    const wrong = tokens.find((t) => t >= vocab_size);
    if (wrong !== undefined) {
      const limit = `the vocabulary has ${vocab_size} tokens`;
      throw new EngineError('request.invalid', 400, `sequence ${i} holds token id ${wrong}, ${limit}`);
    }
  });
}

async function chat(parts: Parts, r: ChatRequest): Promise<ChatReply> {
  const { tokenizer, store, sampler } = parts;
  store.hash(r.model);
  let prompt: number[];
  try {
    prompt = promptIds(tokenizer, r.messages);
  } catch (error) {
    if (error instanceof RangeError) throw new EngineError('request.invalid', 400, error.message);
    throw error;
  }
  const context = store.base.config.max_position_embeddings;
  const room = context - prompt.length;
  if (room < 1) {
    const limit = `the embedded model's context has ${context}, its reply included`;
    throw new EngineError('context.too_long', 400, `the prompt has ${prompt.length} tokens; ${limit}`);
  }
  const maxTokens = Math.min(r.max_tokens ?? r.max_completion_tokens ?? room, room);
  const settings = { temperature: r.temperature, topP: r.top_p, seed: r.seed, maxTokens };
  const done = await sampler.sample({ policy: r.model, prompt, settings, batch: r.baton?.batch });
  const content = done.tokens.map((id, i) => {
    const token = tokenizer.decode([id]);
    return { token, logprob: done.logprobs[i]!, bytes: [...Buffer.from(token)], top_logprobs: [] };
  });
  return {
    id: `chatcmpl-${randomUUID()}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: r.model,
    system_fingerprint: done.hash,
    ...(r.return_token_ids ? { prompt_token_ids: prompt } : {}),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: tokenizer.decode(done.tokens) },
        finish_reason: done.finish,
        ...(r.return_token_ids ? { token_ids: [...done.tokens] } : {}),
        logprobs: r.logprobs ? { content } : null,
      },
    ],
    usage: {
      prompt_tokens: prompt.length,
      completion_tokens: done.tokens.length,
      total_tokens: prompt.length + done.tokens.length,
    },
  };
}

function checkpoints({ store, residents }: Parts, r: CheckpointsRequest) {
  if (r.action === 'save') return [store.saveCheckpoint(r.name, r.policies)];
  if (r.action === 'load') return [store.loadCheckpoint(r.name)];
  if (r.action === 'delete') {
    if (r.name !== undefined) store.deleteCheckpoint(r.name);
    for (const policy of r.policies ?? []) {
      store.deletePolicy(policy);
      residents.forget(policy);
    }
  }
  return store.listCheckpoints();
}
