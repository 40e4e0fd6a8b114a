// Trains the base policy by imitation, through the engine's own network and optimiser.
import { adamStep, freshAdam } from '../../src/engine/adam.js';
import type { Tf } from '../../src/engine/backend/tf.js';
import { promptIds } from '../../src/engine/chat.js';
import type { AttentionKernel } from '../../src/engine/model/attention/kernel.js';
import { upload } from '../../src/engine/model/device.js';
import { forward } from '../../src/engine/model/network.js';
import { pack, type Sequence } from '../../src/engine/model/packing.js';
import { scoreTargets, targetsBackward } from '../../src/engine/model/softmax.js';
import type { Weights } from '../../src/engine/model/weights.js';
import type { Tokenizer } from '../../src/engine/tokenizer.js';
import { type Chance, chance } from './chance.js';
import { rates } from './rates.js';
import { type Sample, sample } from './samples.js';

export interface Schedule {
  readonly steps: number;
  /** tokens a step, about */
  readonly tokens: number;
  readonly lr: number;
  readonly warmup: number;
  /** share of all steps at the full rate before it falls linearly */
  readonly flat: number;
  /** the rate at the end, as a share of the full one */
  readonly end: number;
  readonly seed: number;
  /** how many steps at the start are mostly copying exercises */
  readonly copySteps: number;
}

export function rateAt(s: Schedule, step: number): number {
  if (step < s.warmup) return (s.lr * (step + 1)) / s.warmup;
  const bend = s.steps * s.flat;
  if (step < bend) return s.lr;
  return s.lr * (1 - (1 - s.end) * ((step - bend) / (s.steps - bend)));
}

/** A sample as tokens; the loss counts on the reply and its end. */
export function tokensOf(tokenizer: Tokenizer, { messages, reply }: Sample): Sequence {
  const prompt = promptIds(
    tokenizer,
    messages.map((content) => ({ role: 'user', content })),
  );
  const action = [...tokenizer.encode(reply), tokenizer.special.eos];
  return { tokens: [...prompt, ...action], mask: [...prompt.map(() => 0), ...action.map(() => 1)] };
}

function batch(
  c: Chance,
  tokenizer: Tokenizer,
  tokens: number,
  copyShare: number,
  longest: number,
): Sequence[] {
  const out: Sequence[] = [];
  let size = 0;
  while (size < tokens) {
    const next = tokensOf(tokenizer, sample(c, copyShare));
    if (next.tokens.length > longest) continue;
    out.push(next);
    size += next.tokens.length;
  }
  return out;
}

/** Trains in place; reports the mean loss of a token now and then. */
export function train(
  tf: Tf,
  kernel: AttentionKernel,
  weights: Weights,
  tokenizer: Tokenizer,
  schedule: Schedule,
  report: (step: number, loss: number, tokens: number) => void,
): void {
  const state = freshAdam(weights.data.length);
  const c = chance(schedule.seed);
  let seen = 0;
  let smooth = 0;
  for (let step = 0; step < schedule.steps; step++) {
    const share = step < schedule.copySteps ? rates.copy.first : rates.copy.later;
    const packed = pack(batch(c, tokenizer, schedule.tokens, share, 256), kernel.layout);
    const device = upload(tf, weights);
    const pass = forward(tf, kernel, device, packed, true);
    const scores = scoreTargets(pass.logits, packed.targets, 1);
    const loss = -scores.reduce((a, b) => a + b, 0) / scores.length;
    targetsBackward(pass.logits, packed.targets, new Float64Array(scores.length).fill(-1 / scores.length), 1);
    const gradient = pass.backward(pass.logits);
    pass.dispose();
    device.dispose();
    const settings = { betas: [0.9, 0.98] as const, eps: 1e-8, decay: 0.05, grad_clip: 1 };
    adamStep(weights.data, gradient, state, { ...settings, lr: rateAt(schedule, step) });
    seen += packed.ids.length;
    smooth = step === 0 ? loss : 0.98 * smooth + 0.02 * loss;
    if (step % 50 === 49) report(step + 1, smooth, seen);
  }
}
