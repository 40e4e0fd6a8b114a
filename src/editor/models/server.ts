import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';

const MOST_BYTES = 16 << 20;

const askSchema = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })).min(1),
});
export type Asked = z.infer<typeof askSchema>;

/** Why a model was not asked, with the HTTP status that says whether asking again makes sense. */
export class NotAnswered extends Error {
  constructor(
    readonly status: 403 | 404 | 429 | 502,
    message: string,
  ) {
    super(message);
  }
}

/** Answers a request with a text, or throws NotAnswered. `signal` is aborted when the asker is gone. */
export type Answer = (
  asked: Asked,
  signal: AbortSignal,
) => Promise<{ text: string; tokens: [number, number] }>;

/** An OpenAI endpoint on loopback for one run: its token is its own, and it ends with the run. */
export interface ModelServer {
  baseUrl: string;
  token: string;
  close(): void;
}

/** Serve `POST /v1/chat/completions` on 127.0.0.1 until closed. */
export async function serveModels(answer: Answer): Promise<ModelServer> {
  const token = randomBytes(32).toString('hex');
  const server: Server = createServer((request, response) => {
    void handle(request, response, token, answer).catch((error: Error) =>
      send(response, 502, { error: { message: error.message } }),
    );
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', listening);
  });
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    token,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  answer: Answer,
): Promise<void> {
  if (!authorised(request, token)) return send(response, 401, { error: { message: 'The token is wrong.' } });
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions')
    return send(response, 404, { error: { message: 'Only POST /v1/chat/completions is served here.' } });
  const body = await read(request);
  if (body === null) return send(response, 413, { error: { message: 'The request is too large.' } });
  const asked = askSchema.safeParse(parsed(body));
  if (!asked.success) return send(response, 400, { error: { message: z.prettifyError(asked.error) } });
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const { text, tokens } = await answer(asked.data, gone.signal);
    const [prompt_tokens, completion_tokens] = tokens;
    send(response, 200, {
      id: `editor-${randomBytes(6).toString('hex')}`,
      object: 'chat.completion',
      created: Math.floor(Date.now() / 1000),
      model: asked.data.model,
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: text } }],
      usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
    });
  } catch (error) {
    const status = error instanceof NotAnswered ? error.status : 502;
    send(response, status, { error: { message: (error as Error).message } });
  }
}

function authorised(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function read(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, status: number, value: object): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
