// The typed client of an engine, the embedded one or any other that speaks the protocol.
import { prettifyError, type z } from 'zod';
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
  modelsReply,
  type UpdateReply,
  updateReply,
  type updateRequest,
} from './protocol.js';

/** A request that an engine refused, or an answer that is not one. */
export class EngineRefusal extends Error {
  constructor(
    readonly code: string,
    /** HTTP status, 0 where no answer came */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export class EngineClient {
  constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  health(): Promise<Health> {
    return this.ask('GET', '/health', undefined, healthReply);
  }

  async models(): Promise<{ id: string; hash: string }[]> {
    const { data } = await this.ask('GET', '/v1/models', undefined, modelsReply);
    return data.map(({ id, hash }) => ({ id, hash }));
  }

  chat(request: z.input<typeof chatRequest>): Promise<ChatReply> {
    return this.ask('POST', '/v1/chat/completions', request, chatReply);
  }

  logprobs(request: z.input<typeof logprobsRequest>): Promise<LogprobsReply> {
    return this.ask('POST', '/baton/v1/logprobs', request, logprobsReply);
  }

  update(request: z.input<typeof updateRequest>): Promise<UpdateReply> {
    return this.ask('POST', '/baton/v1/update', request, updateReply);
  }

  async checkpoints(request: CheckpointsRequest): Promise<Checkpoint[]> {
    return (await this.ask('POST', '/baton/v1/checkpoints', request, checkpointsReply)).checkpoints;
  }

  /** Throws EngineRefusal with the engine's code where it refuses, `engine.unreachable` where it is gone. */
  private async ask<T>(method: string, path: string, body: unknown, schema: z.ZodType<T>): Promise<T> {
    let response: Response;
    let json: unknown;
    try {
      response = await fetch(this.url + path, {
        method,
        headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      json = await response.json();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new EngineRefusal(
        'engine.unreachable',
        0,
        `no answer from the engine at ${this.url}${path}: ${why}`,
      );
    }
    if (!response.ok) {
      const refusal = errorReply.safeParse(json);
      const { code, message } = refusal.data?.error ?? {
        code: 'engine.failed',
        message: 'the engine gave no reason',
      };
      throw new EngineRefusal(code, response.status, message);
    }
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    throw new EngineRefusal(
      'reply.invalid',
      response.status,
      `${path} answered nonsense: ${prettifyError(parsed.error)}`,
    );
  }
}
