// Samples for all requests of a policy together. A row's tokens depend on its prompt and seed alone.
import { setImmediate as tick } from 'node:timers/promises';
import type { Tf } from '../backend/tf.js';
import { advance } from '../model/decode.js';
import { Generation, type SampleSettings } from '../model/generate.js';
import type { Residents } from './resident.js';

export interface Wish {
  readonly policy: string;
  readonly prompt: readonly number[];
  readonly settings: SampleSettings;
  readonly batch?: { readonly id: string; readonly size: number } | undefined;
}

export interface Sampled {
  readonly tokens: readonly number[];
  readonly logprobs: readonly number[];
  readonly finish: 'stop' | 'length';
  readonly hash: string;
}

interface Job extends Wish {
  readonly resolve: (sampled: Sampled) => void;
  readonly reject: (error: unknown) => void;
}

interface Waiting {
  readonly jobs: Job[];
  readonly timer: NodeJS.Timeout;
}

export class Sampler {
  private readonly arriving = new Map<string, Job[]>();
  private readonly running = new Set<string>();
  private readonly waiting = new Map<string, Waiting>();

  constructor(
    private readonly tf: Tf,
    private readonly residents: Residents,
    /** how long a batch waits for its last request, in milliseconds */
    private readonly patience = 5000,
  ) {}

  sample(wish: Wish): Promise<Sampled> {
    return new Promise((resolve, reject) => {
      const job = { ...wish, resolve, reject };
      if (wish.batch === undefined) this.admit([job]);
      else this.gather(job, wish.batch);
    });
  }

  /** Holds requests of a batch back until all are here, so that the batch is the same each time. */
  private gather(job: Job, { id, size }: { id: string; size: number }): void {
    const key = `${job.policy} ${id}`;
    const open = this.waiting.get(key) ?? {
      jobs: [],
      timer: setTimeout(() => this.close(key), this.patience),
    };
    this.waiting.set(key, open);
    open.jobs.push(job);
    if (open.jobs.length >= size) this.close(key);
  }

  private close(key: string): void {
    const open = this.waiting.get(key);
    if (open === undefined) return;
    clearTimeout(open.timer);
    this.waiting.delete(key);
    this.admit(open.jobs.sort((a, b) => a.settings.seed - b.settings.seed));
  }

  private admit(jobs: readonly Job[]): void {
    const policy = jobs[0]!.policy;
    const queue = this.arriving.get(policy) ?? [];
    queue.push(...jobs);
    this.arriving.set(policy, queue);
    if (this.running.has(policy)) return;
    this.running.add(policy);
    void this.run(policy);
  }

  private async run(policy: string): Promise<void> {
    let active: { job: Job; generation: Generation }[] = [];
    try {
      // Requests sent together arrive within one turn of the event loop or two: let them share a batch.
      await tick();
      const { decode, hash, release } = this.residents.hold(policy);
      try {
        for (;;) {
          const joined = this.arriving.get(policy) ?? [];
          this.arriving.delete(policy);
          for (const job of joined) {
            active.push({ job, generation: new Generation(decode.config, job.prompt, job.settings) });
          }
          if (active.length === 0) break;
          const logits = advance(
            this.tf,
            decode,
            active.map(({ generation }) => generation.row),
          );
          active.forEach(({ generation }, i) => {
            generation.take(logits, i * decode.config.vocab_size);
          });
          for (const { job, generation } of active) {
            const { tokens, logprobs, finish } = generation;
            if (finish !== null) job.resolve({ tokens, logprobs, finish, hash });
          }
          active = active.filter(({ generation }) => generation.finish === null);
          await tick();
        }
      } finally {
        release();
      }
    } catch (error) {
      const failed = [...active.map(({ job }) => job), ...(this.arriving.get(policy) ?? [])];
      this.arriving.delete(policy);
      for (const job of failed) job.reject(error);
    } finally {
      this.running.delete(policy);
    }
  }
}
