import OpenAI from 'openai';
import { Stream } from 'openai/streaming';
import * as z from 'zod';
import { Abilities } from './abilities.js';
import { type Ask, CallFailed, type Policy, type Reply, type Usage } from './ask.js';
import { FETCH_PATIENCE, patientFetch } from './patient.js';
import { withoutKey } from './secrets.js';
import { pythonTool, toolCallsSchema, withToolCalls } from './tools.js';

export interface ServerOptions {
  baseUrl: string;
  /** The model's name at the server. */
  model: string;
  apiKey: string | null;
  timeoutSeconds: number;
  /** Ask for token ids and log-probabilities (engines of ours, vLLM). */
  tokens: boolean;
  /** Offer an agent's tools as native tool calls. */
  toolCalls: boolean;
}

/** How many tokens a server says; null where it says nothing of use. */
const count = z.number().nonnegative().nullish().catch(null);

const replySchema = z.object({
  prompt_token_ids: z.array(z.number()).nullish(),
  system_fingerprint: z.string().nullish(),
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), tool_calls: toolCallsSchema }),
        token_ids: z.array(z.number()).nullish(),
        logprobs: z.object({ content: z.array(z.object({ logprob: z.number() })).nullish() }).nullish(),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: count, completion_tokens: count }).nullish().catch(null),
});

/** A failure that comes with HTTP 200: a server between us and the model tells what that one said. */
const refusalSchema = z.object({
  error: z.union([
    z.string().transform((message) => ({ message, code: null })),
    z.object({ message: z.string(), code: z.union([z.string(), z.number()]).nullish() }),
  ]),
});

/** Milliseconds; a longer timer would fire at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

const SHORTEST_SECRET = 16;

/** A model behind any OpenAI-compatible server. */
export function openaiPolicy(options: ServerOptions): Policy {
  const client = new OpenAI({
    baseURL: options.baseUrl,
    apiKey: options.apiKey ?? 'none',
    // Organisation and project would otherwise come from the user's environment and go to any server.
    organization: null,
    project: null,
    maxRetries: 0,
    timeout: options.timeoutSeconds * 1000,
    ...(options.timeoutSeconds >= FETCH_PATIENCE ? { fetch: patientFetch } : {}),
  });
  // Engines of ours answer whole.
  const server = new Abilities(!options.tokens);
  return { name: options.model, ask: (ask) => callServer(client, server, options, ask) };
}

async function callServer(
  client: OpenAI,
  server: Abilities,
  options: ServerOptions,
  ask: Ask,
): Promise<Reply> {
  const onText = server.streams ? ask.onText : undefined;
  const schema = server.schemas ? ask.schema : undefined;
  const sampling = server.sampling(ask);
  const start = performance.now();
  const body = {
    model: options.model,
    messages: ask.messages,
    ...sampling,
    seed: ask.seed,
    ...(options.tokens ? { logprobs: true, return_token_ids: true } : {}),
    ...(options.toolCalls && ask.tools?.includes('python') ? { tools: [pythonTool] } : {}),
    ...(ask.batch ? { baton: { batch: ask.batch } } : {}),
    ...(schema
      ? {
          response_format: {
            type: 'json_schema' as const,
            json_schema: { name: 'reply', schema: schema as Record<string, unknown>, strict: true },
          },
        }
      : {}),
  };
  // The client never takes its listener off a signal: on that of a run they would pile up, one for each call.
  const abort = new AbortController();
  const stop = () => abort.abort(ask.signal.reason);
  if (ask.signal.aborted) stop();
  ask.signal.addEventListener('abort', stop, { once: true });
  // The client counts no further than to the headers; this counts to the end of the reply.
  let late = false;
  const clock = setTimeout(
    () => {
      late = true;
      abort.abort();
    },
    Math.min(options.timeoutSeconds * 1000, LONGEST_TIMER),
  );
  try {
    const raw = onText
      ? await streamed(client, body, onText, abort)
      : await client.chat.completions.create(body, { signal: abort.signal });
    return readReply(raw, ask, (performance.now() - start) / 1000, options.apiKey);
  } catch (error) {
    const failed = late ? tooLate(options) : failure(error, options);
    if (!server.learn(error, { streams: onText !== undefined, schema: schema !== undefined, sampling }))
      throw failed;
    throw new CallFailed(failed.message, true, 0);
  } finally {
    clearTimeout(clock);
    ask.signal.removeEventListener('abort', stop);
  }
}

type Body = OpenAI.ChatCompletionCreateParamsNonStreaming;

/** The reply as it is written, put together as a server would have sent it whole; or whole, where it streams nothing. */
async function streamed(
  client: OpenAI,
  body: Body,
  onText: (text: string) => void,
  abort: AbortController,
): Promise<unknown> {
  const asked = { ...body, stream: true, stream_options: { include_usage: true } } as const;
  const response = await client.chat.completions.create(asked, { signal: abort.signal }).asResponse();
  if (!/event-stream/.test(response.headers.get('content-type') ?? '')) return response.json();
  let content = '';
  const calls: { function: { name: string; arguments: string } }[] = [];
  let finish_reason: string | null = null;
  const rest: Record<string, unknown> = {};
  for await (const chunk of Stream.fromSSEResponse<OpenAI.ChatCompletionChunk>(response, abort)) {
    const [choice] = chunk.choices;
    const text = choice?.delta?.content ?? '';
    if (text !== '') onText(text);
    content += text;
    for (const { index, function: piece } of choice?.delta?.tool_calls ?? []) {
      calls[index] ??= { function: { name: '', arguments: '' } };
      calls[index].function.name += piece?.name ?? '';
      calls[index].function.arguments += piece?.arguments ?? '';
    }
    finish_reason = choice?.finish_reason ?? finish_reason;
    if (chunk.usage) rest.usage = chunk.usage;
    if (chunk.system_fingerprint) rest.system_fingerprint = chunk.system_fingerprint;
  }
  if (finish_reason === null) throw new CallFailed('The reply broke off before its end.', true);
  return {
    ...rest,
    choices: [{ finish_reason, message: { content, ...(calls.length > 0 ? { tool_calls: calls } : {}) } }],
  };
}

function readReply(raw: unknown, ask: Ask, seconds: number, key: string | null): Reply {
  const parsed = replySchema.safeParse(raw);
  if (!parsed.success) {
    const refused = refusalSchema.safeParse(raw);
    if (refused.success) {
      const { message, code } = refused.data.error;
      throw new OpenAI.APIError(statusIn(code), { message, code }, message, undefined);
    }
    throw new CallFailed(
      `The server's reply is not a chat completion: ${parsed.error.issues[0]?.message}`,
      true,
    );
  }
  const { choices, prompt_token_ids, system_fingerprint, usage } = parsed.data;
  const choice = choices[0]!;
  const said = withToolCalls(choice.message.content ?? '', choice.message.tool_calls);
  // A short one is a word that an answer may hold ("ollama"), and no secret.
  const text = (key?.length ?? 0) < SHORTEST_SECRET ? said : withoutKey(said, key);
  const ids = choice.token_ids ?? null;
  const logprobs = choice.logprobs?.content?.map((token) => token.logprob) ?? null;
  // Ids without matching log-probabilities cannot be trained on: then neither is kept.
  const matched = ids !== null && logprobs !== null && ids.length === logprobs.length;
  return {
    text,
    finish: choice.finish_reason ?? 'unknown',
    promptIds: prompt_token_ids ?? null,
    ids: matched ? ids : null,
    logprobs: matched ? logprobs : null,
    weights: system_fingerprint ?? null,
    usage: usageOf(usage, ask, text),
    seconds,
  };
}

/** What the server counted; four characters a token where it did not. */
function usageOf(usage: z.output<typeof replySchema>['usage'], ask: Ask, text: string): Usage {
  const prompt = usage?.prompt_tokens ?? null;
  const reply = usage?.completion_tokens ?? null;
  const asked = ask.messages.reduce((sum, message) => sum + message.content.length, 0);
  return {
    promptTokens: prompt ?? Math.ceil(asked / 4),
    replyTokens: reply ?? Math.ceil(text.length / 4),
    counted: prompt !== null && reply !== null,
  };
}

/** The HTTP status that an error's code stands for, where it is one. */
function statusIn(code: unknown): number | undefined {
  const status = Number(code ?? Number.NaN);
  return status >= 400 && status < 600 ? status : undefined;
}

function tooLate({ model, timeoutSeconds }: ServerOptions): CallFailed {
  return new CallFailed(`${model} did not answer within ${timeoutSeconds} s.`, true);
}

function failure(error: unknown, options: ServerOptions): Error {
  // Cut last: what is left of a key that was cut would not be found.
  const said = ({ message }: Error) => withoutKey(message, options.apiKey).slice(0, 300);
  if (error instanceof CallFailed || error instanceof OpenAI.APIUserAbortError) return error;
  if (error instanceof OpenAI.APIConnectionTimeoutError) return tooLate(options);
  if (error instanceof OpenAI.APIConnectionError) {
    const why = deepest(error);
    // It had the request, and may have worked on it.
    if (/^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_(BODY|HEADERS)_TIMEOUT)$/.test(why))
      return new CallFailed(`The connection to ${options.baseUrl} broke before it answered (${why}).`, true);
    return new CallFailed(
      `Nothing answers at ${options.baseUrl} (${why}); is the server running?`,
      true,
      null,
      true,
    );
  }
  if (error instanceof OpenAI.APIError) {
    const status = (error.status as number | undefined) ?? statusIn(error.code);
    const wait = Number(error.headers?.get?.('retry-after') ?? Number.NaN);
    const again = status === undefined || status === 408 || status === 409 || status === 429 || status >= 500;
    return new CallFailed(
      `${options.baseUrl} refused ${options.model} (HTTP ${status ?? '?'}): ${said(error)}`,
      again,
      Number.isFinite(wait) ? wait : null,
    );
  }
  return error instanceof Error
    ? new CallFailed(`The server's reply cannot be read: ${said(error)}`, true)
    : new Error(String(error));
}

function deepest(error: Error): string {
  let at: unknown = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  return at instanceof Error ? ((at as NodeJS.ErrnoException).code ?? at.message) : String(at);
}
