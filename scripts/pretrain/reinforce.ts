// Whether reinforcement can correct the base: a short REINFORCE run in one process, judged by the structural
// checker. `npm run pretrain -- --reinforce STEPS`. The product's own loop is elsewhere; this guards the base.
import { adamStep, freshAdam } from '../../src/engine/adam.js';
import type { Backend } from '../../src/engine/backend/load.js';
import { lossOf } from '../../src/engine/loss.js';
import { uploadForDecoding } from '../../src/engine/model/decode.js';
import { upload } from '../../src/engine/model/device.js';
import { forward } from '../../src/engine/model/network.js';
import { pack } from '../../src/engine/model/packing.js';
import { scoreTargets, targetsBackward } from '../../src/engine/model/softmax.js';
import { copyWeights, type Weights } from '../../src/engine/model/weights.js';
import type { Tokenizer } from '../../src/engine/tokenizer.js';
import { chance } from './chance.js';
import { Bench } from './check.js';
import { type Act, measure, replies } from './measure.js';
import { promptOf, type Role, randomTask, roles } from './task.js';

const ROLLOUTS = 48;
const MINIBATCHES = 4;
const optimizer = { lr: 4e-4, betas: [0.9, 0.99] as const, eps: 1e-5, decay: 0, grad_clip: 1 };
const clipped = { name: 'policy_gradient', clip_low: 0.2, clip_high: 0.2, dual_clip: null } as const;

/** One pass over a role's acts in minibatches, each act with one advantage for all its tokens. */
function learn(
  { tf, kernel }: Backend,
  weights: Weights,
  state: ReturnType<typeof freshAdam>,
  acts: readonly Act[],
  advantages: readonly number[],
): void {
  for (let m = 0; m < MINIBATCHES; m++) {
    const part = acts.map((_, i) => i).filter((i) => i % MINIBATCHES === m);
    const packed = pack(
      part.map((i) => {
        const { prompt, tokens } = acts[i]!;
        return { tokens: [...prompt, ...tokens], mask: [...prompt.map(() => 0), ...tokens.map(() => 1)] };
      }),
      kernel.layout,
    );
    const device = upload(tf, weights);
    const pass = forward(tf, kernel, device, packed, true);
    const logprobs = scoreTargets(pass.logits, packed.targets, 1);
    const { gradient } = lossOf(clipped, null, {
      logprobs,
      offsets: packed.offsets,
      denominator: logprobs.length,
      old: part.flatMap((i) => acts[i]!.logprobs),
      advantages: part.flatMap((i) => acts[i]!.tokens.map(() => advantages[i]!)),
    });
    targetsBackward(pass.logits, packed.targets, gradient, 1);
    adamStep(weights.data, pass.backward(pass.logits), state, optimizer);
    pass.dispose();
    device.dispose();
  }
}

/** Rewards as advantages: centred, over their spread (at least 0.1), at most 3 either way. */
function advantagesOf(rewards: readonly number[]): number[] {
  const mean = rewards.reduce((a, b) => a + b, 0) / rewards.length;
  const spread = Math.sqrt(rewards.reduce((a, b) => a + (b - mean) ** 2, 0) / rewards.length);
  return rewards.map((r) => Math.max(-3, Math.min(3, (r - mean) / Math.max(spread, 0.1))));
}

export function reinforce(backend: Backend, base: Weights, tokenizer: Tokenizer, steps: number): void {
  const { tf } = backend;
  const c = chance(4242);
  const policies = new Map(
    roles.map((role) => [role, { weights: copyWeights(base), state: freshAdam(base.data.length) }]),
  );
  const report = (step: number): void => {
    const uploaded = roles.map((role) => [role, uploadForDecoding(tf, policies.get(role)!.weights)] as const);
    const of = Object.fromEntries(uploaded) as Record<Role, ReturnType<typeof uploadForDecoding>>;
    for (const temperature of [1, 0]) {
      const rates = measure(tf, of, tokenizer, { tasks: 150, temperature, seed: 77, turns: 1 });
      console.log(`step ${step} temperature ${temperature}: ${JSON.stringify(rates)}`);
    }
    for (const [, w] of uploaded) w.dispose();
  };
  report(0);
  for (let step = 1; step <= steps; step++) {
    for (const role of roles) {
      const { weights, state } = policies.get(role)!;
      const tasks = Array.from({ length: ROLLOUTS }, () => randomTask(c));
      const w = uploadForDecoding(tf, weights);
      const prompts = tasks.map((t) => [promptOf(role, t)]);
      const acts = replies(tf, w, tokenizer, prompts, 1, c.int(0, 1e9));
      w.dispose();
      const rewards = acts.map(({ text }, i) => Bench.before(role, tasks[i]!).act(role, text).quality);
      learn(backend, weights, state, acts, advantagesOf(rewards));
    }
    if (step % 10 === 0 || step === steps) report(step);
  }
}
