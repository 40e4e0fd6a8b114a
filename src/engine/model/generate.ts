// One sampling request as a state that is advanced together with others.

import { type Cache, type DecodeRow, emptyCache } from './decode.js';
import { uniforms } from './random.js';
import { draw } from './sample.js';
import type { ModelConfig } from './shape.js';

export interface SampleSettings {
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
  readonly maxTokens: number;
}

/** A completion under way: which tokens it has to read next, and what it wrote so far. */
export class Generation {
  readonly tokens: number[] = [];
  readonly logprobs: number[] = [];
  finish: 'stop' | 'length' | null = null;
  private readonly cache: Cache;
  private next: readonly number[];
  private readonly uniform: () => number;

  constructor(
    private readonly config: ModelConfig,
    prompt: readonly number[],
    private readonly settings: SampleSettings,
  ) {
    this.cache = emptyCache(config, prompt.length + settings.maxTokens);
    this.next = prompt;
    this.uniform = uniforms(settings.seed);
  }

  get row(): DecodeRow {
    return { cache: this.cache, tokens: this.next };
  }

  /** Takes the logits `[V]` at `from` that followed the last row. */
  take(logits: Float32Array, from: number): void {
    const { temperature, topP, maxTokens } = this.settings;
    const drawn = draw(logits, from, this.config.vocab_size, temperature, topP, this.uniform());
    this.tokens.push(drawn.token);
    this.logprobs.push(drawn.logprob);
    this.next = [drawn.token];
    if (drawn.token === this.config.eos_token_id) this.finish = 'stop';
    else if (this.tokens.length >= maxTokens) this.finish = 'length';
  }
}
