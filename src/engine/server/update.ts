// One optimiser step of one role, in one or several micro-batches.
import { setImmediate as tick } from 'node:timers/promises';
import { adamStep, copyAdam, freshAdam } from '../adam.js';
import type { Backend } from '../backend/load.js';
import { type LossInput, lossOf, missingInputs } from '../loss.js';
import { forward } from '../model/network.js';
import { chunks, pack } from '../model/packing.js';
import { scoreTargets, targetsBackward } from '../model/softmax.js';
import { copyWeights, weightsHash } from '../model/weights.js';
import type { UpdateReply, UpdateRequest } from '../protocol.js';
import { EngineError } from './errors.js';
import type { Residents } from './resident.js';
import { passTokens } from './score.js';
import type { PolicyStore } from './store.js';

/** Sums over sequences: they add up, whatever they were grouped into. */
interface Sums {
  readonly gradient: Float64Array;
  loss: number;
  divergence: number;
  clipped: number;
  tokens: number;
}

/** Micro-batches of a step so far. They live in memory: after a crash the step starts over. */
interface Pending {
  readonly id: string;
  readonly replies: UpdateReply[];
  /** Of those that were answered; null before the first. */
  sums: Sums | null;
}

export class Updates {
  private readonly pending = new Map<string, Pending>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly backend: Backend,
    private readonly store: PolicyStore,
    private readonly residents: Residents,
  ) {}

  /** Updates run one after the other, whoever asks. */
  update(request: UpdateRequest): Promise<UpdateReply> {
    const run = this.last.then(() => this.apply(request));
    this.last = run.catch(() => undefined);
    return run;
  }

  /**
   * A micro-batch that fails, at whatever point, leaves the step as it was: the same micro-batch can be sent again, or
   * the whole step, and counts once.
   */
  private async apply(r: UpdateRequest): Promise<UpdateReply> {
    const policy = `${r.role}@${r.version}`;
    const next = `${r.role}@${r.next_version}`;
    if (r.next_version === 'v0')
      throw new EngineError('version.exists', 409, 'v0 is the base and never changes');
    if (this.store.has(next)) {
      const made = this.store.made(next);
      if (made.reply.id === r.id) return made.reply;
      throw new EngineError('version.exists', 409, `${next} exists already, made by update ${made.reply.id}`);
    }
    const { weights, hash } = this.residents.weights(policy);
    if (hash !== r.parent_hash) {
      throw new EngineError(
        'update.parent_mismatch',
        409,
        `${policy} has hash ${hash}, the update was computed for ${r.parent_hash}: nothing was applied`,
      );
    }
    const pending = this.open(r);
    const answered = pending.replies[r.micro_batch.index];
    if (answered !== undefined) return answered;
    if (r.micro_batch.index !== pending.replies.length) {
      const wanted = `micro-batch ${pending.replies.length} of update ${r.id} is next, got ${r.micro_batch.index}`;
      throw new EngineError('update.out_of_order', 409, `${wanted}; after a restart begin again with 0`);
    }
    const sums = await this.gradientOf(r, policy);
    // What is pending goes onto the new part, which is kept only once it has been answered.
    if (pending.sums !== null) add(sums, pending.sums);
    const tokens = Math.max(1, sums.tokens);
    const reply: UpdateReply = {
      id: r.id,
      applied: false,
      policy,
      hash,
      loss: sums.loss,
      approximate_kl: sums.divergence / tokens,
      clip_fraction: sums.clipped / tokens,
      gradient_norm: 0,
      tokens: sums.tokens,
    };
    if (!r.micro_batch.last) {
      pending.sums = sums;
      pending.replies.push(reply);
      return reply;
    }
    const trained = copyWeights(weights);
    const state = this.store.readAdam(policy);
    const adam = state === null ? freshAdam(trained.data.length) : copyAdam(state);
    const length = adamStep(trained.data, sums.gradient, adam, r.optimizer);
    const applied = {
      ...reply,
      applied: true,
      policy: next,
      hash: weightsHash(trained),
      gradient_norm: length,
    };
    this.store.write(next, trained, adam, policy, applied);
    this.pending.delete(r.role);
    return applied;
  }

  private open(r: UpdateRequest): Pending {
    const found = this.pending.get(r.role);
    if (found?.id === r.id) return found;
    const fresh: Pending = { id: r.id, replies: [], sums: null };
    this.pending.set(r.role, fresh);
    return fresh;
  }

  private async gradientOf(r: UpdateRequest, policy: string): Promise<Sums> {
    const { tf, kernel } = this.backend;
    const starts = [0];
    for (const s of r.sequences)
      starts.push(starts[starts.length - 1]! + s.mask.filter((m) => m === 1).length);
    const whole = inputs(
      r,
      r.sequences.map((_, i) => i),
      starts,
    );
    const missing = missingInputs(r.loss, r.kl, whole);
    if (missing.length > 0) {
      throw new EngineError('request.invalid', 400, `the ${r.loss.name} loss lacks ${missing.join(', ')}`);
    }
    const sum = { loss: 0, divergence: 0, clipped: 0, tokens: starts[starts.length - 1]! };
    const gradient = new Float64Array(this.store.base.data.length);
    for (const group of groups(r)) {
      const packed = pack(
        group.map((i) => r.sequences[i]!),
        kernel.layout,
      );
      if (packed.rows.length === 0) continue;
      const pass = forward(tf, kernel, this.residents.device(policy), packed, true);
      try {
        const logprobs = scoreTargets(pass.logits, packed.targets, r.temperature);
        const part = lossOf(r.loss, r.kl, { ...inputs(r, group, starts), logprobs });
        targetsBackward(pass.logits, packed.targets, part.gradient, r.temperature);
        const flat = pass.backward(pass.logits);
        for (let i = 0; i < flat.length; i++) gradient[i]! += flat[i]!;
        sum.loss += part.loss;
        sum.divergence += part.divergence;
        sum.clipped += part.clipped;
      } catch (error) {
        if (error instanceof RangeError) throw new EngineError('request.invalid', 400, error.message);
        throw error;
      } finally {
        pass.dispose();
      }
      await tick();
    }
    return { ...sum, gradient };
  }
}

function add(sums: Sums, more: Sums): void {
  for (let i = 0; i < sums.gradient.length; i++) sums.gradient[i]! += more.gradient[i]!;
  sums.loss += more.loss;
  sums.divergence += more.divergence;
  sums.clipped += more.clipped;
  sums.tokens += more.tokens;
}

/** What the loss needs of some sequences of a request, in the order given. */
function inputs(
  r: UpdateRequest,
  group: readonly number[],
  starts: readonly number[],
): Omit<LossInput, 'logprobs'> {
  const cut = (values: readonly number[] | undefined): number[] | undefined =>
    values &&
    (group.length === r.sequences.length && group.every((s, i) => s === i)
      ? [...values]
      : group.flatMap((s) => values.slice(starts[s]!, starts[s + 1]!)));
  const offsets = [0];
  for (const s of group) offsets.push(offsets[offsets.length - 1]! + starts[s + 1]! - starts[s]!);
  return {
    offsets,
    denominator: r.denominator,
    advantages: cut(r.advantages),
    old: cut(r.old_logprobs),
    behaviour: cut(r.behaviour_logprobs),
    reference: cut(r.reference_logprobs),
    pairs: r.pairs && (r.pairs.length === r.sequences.length ? group.map((s) => r.pairs![s]!) : r.pairs),
  };
}

/** Sequences that go through the network together: like lengths, and both of a pair. */
function groups(r: UpdateRequest): number[][] {
  const order = r.sequences.map((_, i) => i);
  if (r.loss.name === 'dpo') {
    const id = (i: number): string => r.pairs![i]!.id;
    const units = new Map<string, number[]>();
    for (const i of order) units.set(id(i), [...(units.get(id(i)) ?? []), i]);
    return [...units.values()];
  }
  order.sort((a, b) => r.sequences[b]!.tokens.length - r.sequences[a]!.tokens.length || a - b);
  const sorted = order.map((i) => r.sequences[i]!);
  return chunks(sorted, passTokens).map(({ from, to }) => order.slice(from, to));
}
