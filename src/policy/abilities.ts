import OpenAI from 'openai';
import type { Ask } from './ask.js';

type Sampling = Partial<
  Record<'temperature' | 'top_p' | 'max_tokens' | 'max_completion_tokens', number | null>
>;

/** What a server turned out to know, or not, by what it refused. */
export class Abilities {
  schemas = true;
  /** Newer models of OpenAI know the limit by its newer name only; most other servers by its older one. */
  limit: 'max_tokens' | 'max_completion_tokens' = 'max_tokens';
  /** What may be left out: a model that cannot be told says so even of the value that it takes anyway. */
  private readonly untold = new Set<'temperature' | 'top_p'>();

  constructor(public streams: boolean) {}

  /** How an answer is sampled, and how long it may be, as this server wants to be told. */
  sampling({ temperature, topP, maxTokens }: Ask): Sampling {
    return {
      ...(this.untold.has('temperature') && temperature === 1 ? {} : { temperature }),
      ...(this.untold.has('top_p') && topP === 1 ? {} : { top_p: topP }),
      [this.limit]: maxTokens,
    };
  }

  /**
   * Whether a refusal tells how to ask in another way, as the next call then does. `asked`: what was told, which other
   * calls that were under way may have been refused for, too.
   */
  learn(error: unknown, asked: { streams: boolean; schema: boolean; sampling: Sampling }): boolean {
    if (!(error instanceof OpenAI.APIError)) return false;
    const status = error.status as number;
    const says = `${error.param ?? ''} ${error.message}`;
    if (asked.streams && [400, 404, 422, 501].includes(status) && /stream/i.test(says)) {
      this.streams = false;
      return true;
    }
    if (![400, 422].includes(status)) return false;
    // The reply is checked in any case.
    if (asked.schema && /response_format|schema|json/i.test(says)) {
      this.schemas = false;
      return true;
    }
    if ('max_tokens' in asked.sampling && /max_completion_tokens/.test(says)) {
      this.limit = 'max_completion_tokens';
      return true;
    }
    for (const name of ['temperature', 'top_p'] as const)
      if (asked.sampling[name] === 1 && says.includes(name)) {
        this.untold.add(name);
        return true;
      }
    return false;
  }
}
