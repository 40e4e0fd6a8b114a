// The engine's routes as typed calls. Replies are checked: what does not fit the protocol is an error.
import type { z } from 'zod';
import { patientFetch } from '../policy/index.js';
import {
  type ChatReply,
  type Checkpoint,
  type CheckpointsRequest,
  chatReply,
  type chatRequest,
  checkpointsReply,
  errorReply,
  type Health,
  healthReply,
  type LogprobsReply,
  logprobsReply,
  type logprobsRequest,
  type Models,
  modelsReply,
  type UpdateReply,
  updateReply,
  type updateRequest,
} from './protocol.js';

export type ChatCall = z.input<typeof chatRequest>;
export type LogprobsCall = z.input<typeof logprobsRequest>;
export type UpdateCall = z.input<typeof updateRequest>;

/** The engine's refusal of a call, or a reply that does not fit the protocol (code `reply.invalid`). */
export class EngineCallError extends Error {
  constructor(
    readonly route: string,
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(`${route}: ${message}`);
    this.name = 'EngineCallError';
  }
}

/** Calls one engine. All methods reject with an EngineCallError, or with a TypeError where it cannot be reached. */
export class EngineClient {
  constructor(
    readonly url: string,
    private readonly token: string,
  ) {}

  health(signal?: AbortSignal): Promise<Health> {
    return this.call('GET', '/health', undefined, healthReply, signal);
  }

  models(signal?: AbortSignal): Promise<Models> {
    return this.call('GET', '/v1/models', undefined, modelsReply, signal);
  }

  chat(body: ChatCall, signal?: AbortSignal): Promise<ChatReply> {
    return this.call('POST', '/v1/chat/completions', body, chatReply, signal);
  }

  logprobs(body: LogprobsCall, signal?: AbortSignal): Promise<LogprobsReply> {
    return this.call('POST', '/baton/v1/logprobs', body, logprobsReply, signal);
  }

  update(body: UpdateCall, signal?: AbortSignal): Promise<UpdateReply> {
    return this.call('POST', '/baton/v1/update', body, updateReply, signal);
  }

  async checkpoints(body: CheckpointsRequest, signal?: AbortSignal): Promise<Checkpoint[]> {
    const reply = await this.call('POST', '/baton/v1/checkpoints', body, checkpointsReply, signal);
    return reply.checkpoints;
  }

  private async call<T>(
    method: string,
    path: string,
    body: unknown,
    schema: z.ZodType<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const route = `${method} ${path}`;
    const response = await patientFetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new EngineCallError(route, response.status, 'reply.invalid', `not JSON: ${text.slice(0, 200)}`);
    }
    if (!response.ok) {
      const refusal = errorReply.safeParse(json);
      const { code, message } = refusal.success
        ? refusal.data.error
        : { code: 'reply.invalid', message: text.slice(0, 200) };
      throw new EngineCallError(route, response.status, code, message);
    }
    const parsed = schema.safeParse(json);
    if (!parsed.success) {
      throw new EngineCallError(route, response.status, 'reply.invalid', parsed.error.message);
    }
    return parsed.data;
  }
}
