// Two implementations of one protocol on the same tiny weights: what one says about tokens, gradients and updates
// the other must say too. The last tests show that the comparison notices what it is for.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, startEngine, startTorchEngine, type UpdateCall } from '../../../src/engine/index.js';
import { randomFrom } from '../../../src/workflow/index.js';
import { bundled } from '../../bundled.js';
import { torchPython } from '../python.js';
import { baseWeights, cosine, gradientOf, minus, relative, weightsOf } from './weights.js';

const base = 'media/base';
let program: string;
const optimizer = { lr: 1e-3, betas: [0.9, 0.95] as [number, number], eps: 1e-5, grad_clip: 1e9 };
let folder: string;
let tfjs: Engine;
let torch: Engine;
let batch: Pick<UpdateCall, 'sequences' | 'old_logprobs' | 'advantages' | 'denominator'>;

const state = (engine: Engine): string => join(folder, engine === tfjs ? 'tfjs' : 'torch');

const ask = (seed: number) => ({
  model: 'modeler@v0',
  messages: [{ role: 'user', content: `modeler kind="regression" rows=${100 + seed} num=2 cat=1` }],
  seed,
  max_tokens: 100,
  logprobs: true,
  return_token_ids: true,
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-parity-'));
  program = await bundled('src/engine/main.ts');
  tfjs = await startEngine({ dir: join(folder, 'tfjs'), base, program, deterministic: true });
  torch = await startTorchEngine({
    dir: join(folder, 'torch'),
    base,
    python: torchPython(),
    method: 'full',
    backend: 'cpu',
    deterministic: true,
  });
});

afterAll(async () => {
  await tfjs?.stop();
  await torch?.stop();
  rmSync(folder, { recursive: true, force: true });
  rmSync(program, { force: true });
});

/** Updates one role `count` times on the same batch; every step's old log-probabilities are the first ones. */
async function train(engine: Engine, role: string, count: number, change: Partial<UpdateCall> = {}) {
  let hash = (await engine.client.health()).base_hash;
  for (let i = 0; i < count; i++) {
    const reply = await engine.client.update({
      id: `${role}-${i}`,
      role,
      version: `v${i}`,
      parent_hash: hash,
      next_version: `v${i + 1}`,
      loss: { name: 'policy_gradient', clip_low: 0.2, clip_high: 0.2, dual_clip: null },
      ...batch,
      optimizer,
      ...change,
    });
    hash = reply.hash;
  }
}

const changeOf = (engine: Engine, role: string, version: string): Float32Array =>
  minus(weightsOf(state(engine), role, version), baseWeights());

describe('on the same weights', () => {
  it('samples the same tokens from the same seeds, with log-probabilities within 1e-4', async () => {
    const seeds = Array.from({ length: 24 }, (_, i) => i);
    const answers = (engine: Engine) => Promise.all(seeds.map((seed) => engine.client.chat(ask(seed))));
    const [ours, theirs] = [await answers(tfjs), await answers(torch)];
    const random = randomFrom('parity');
    const sequences = ours.map((reply) => {
      const [prompt, action] = [reply.prompt_token_ids!, reply.choices[0].token_ids!];
      return {
        tokens: [...prompt, ...action],
        mask: [...prompt.map(() => 0 as const), ...action.map(() => 1 as const)],
      };
    });
    const sampled = ours.map((reply) => reply.choices[0].logprobs!.content.map((t) => t.logprob));
    theirs.forEach((reply, i) => {
      expect(reply.choices[0].token_ids).toEqual(ours[i]!.choices[0].token_ids);
      expect(reply.choices[0].message.content).toBe(ours[i]!.choices[0].message.content);
      reply.choices[0].logprobs!.content.forEach(({ logprob }, t) => {
        expect(Math.abs(logprob - sampled[i]![t]!)).toBeLessThan(1e-4);
      });
    });
    const old = sampled.flat();
    batch = {
      sequences,
      old_logprobs: old,
      advantages: sampled.flatMap((tokens) => {
        const advantage = 2 * random() - 1;
        return tokens.map(() => advantage);
      }),
      denominator: old.length,
    };
  });

  it('scores given tokens alike within 1e-4, at another temperature too', async () => {
    for (const temperature of [1, 0.7]) {
      const call = { model: 'reference', sequences: batch.sequences, temperature };
      const [a, b] = [await tfjs.client.logprobs(call), await torch.client.logprobs(call)];
      const apart = a.logprobs.flat().map((value, i) => Math.abs(value - b.logprobs.flat()[i]!));
      expect(Math.max(...apart)).toBeLessThan(1e-4);
    }
  });

  it('agrees on gradients: relative distance 1e-3, cosine 0.9999', async () => {
    const losses: Partial<UpdateCall>[] = [
      {},
      { loss: { name: 'sft' } },
      {
        kl: { estimator: 'k3', coefficient: 0.1 },
        reference_logprobs: batch.old_logprobs!.map((v) => v - 0.1),
      },
      {
        loss: { name: 'dpo', beta: 0.3 },
        reference_logprobs: batch.old_logprobs,
        pairs: batch.sequences.map((_, i) => ({ id: `p${i >> 1}`, chosen: i % 2 === 0 })),
        denominator: batch.sequences.length / 2,
      },
    ];
    for (const [i, change] of losses.entries()) {
      await train(tfjs, `grad${i}`, 1, change);
      await train(torch, `grad${i}`, 1, change);
      const [ours, theirs] = [tfjs, torch].map((e) => gradientOf(state(e), `grad${i}`, optimizer.betas[0]));
      expect(relative(theirs!, ours!)).toBeLessThan(1e-3);
      expect(cosine(theirs!, ours!)).toBeGreaterThan(0.9999);
    }
  });

  it('agrees on the weight change after 1 and after 10 updates within 2e-2', async () => {
    await train(tfjs, 'long', 10);
    await train(torch, 'long', 10);
    for (const version of ['v1', 'v10']) {
      const apart = relative(changeOf(torch, 'long', version), changeOf(tfjs, 'long', version));
      expect(apart).toBeLessThan(2e-2);
      expect(apart).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('the comparison notices', () => {
  it.each([
    ['no update', { optimizer: { ...optimizer, lr: 0 } }],
    ['half the learning rate', { optimizer: { ...optimizer, lr: optimizer.lr / 2 } }],
    ['a flipped sign', { advantages: [] as number[] }],
  ])('%s', async (what, change) => {
    const role = what.replaceAll(' ', '-');
    const wrong = 'advantages' in change ? { advantages: batch.advantages!.map((a) => -a) } : change;
    await train(torch, role, 1, wrong);
    const apart = relative(changeOf(torch, role, 'v1'), changeOf(tfjs, 'long', 'v1'));
    expect(apart).toBeGreaterThan(0.2);
  });
});
