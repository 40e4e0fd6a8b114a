// What a training step costs on this machine: `node scripts/bench.mjs engine [backend]`. It samples 48 rollouts of
// the three roles, one turn each, and trains on them through the real engine process; then it compares the
// training rate with the backend's own 2-D product.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBackend } from '../../src/engine/backend/load.js';
import { backendNames, startEngine } from '../../src/engine/index.js';
import { readModel } from '../../src/engine/model/files.js';

const ROLLOUTS = 48;
const STEPS = 4;
const prompts = {
  data_engineer:
    'data_engineer id="row_id" target="Sepal.Length" kind="regression" rows=120 num=["bill_length_mm","US Gross"] cat=["sex","Species"]',
  modeler: 'modeler kind="classification" rows=120 num=2 cat=1',
  analyst: 'analyst id="key" target="US Gross" kind="regression" header=["key","US Gross"]',
};
const wanted = process.argv[2] ?? 'wasm';
const backend = backendNames.find((name) => name === wanted);
if (backend === undefined) throw new Error(`no backend ${wanted}; there are ${backendNames.join(', ')}`);

const { tf } = await loadBackend(backend);
const [a, b] = [tf.randomNormal<import('@tensorflow/tfjs').Rank.R2>([1024, 1024]), tf.ones([1024, 1024])];
/** Operations a second of the backend's 2-D product, right now: what else a machine does changes it within seconds. */
function product(): number {
  const began = performance.now();
  for (let i = 0; i < 4; i++) tf.tidy(() => tf.matMul(a, b).dataSync());
  return (4 * 2 * 1024 ** 3) / ((performance.now() - began) / 1000);
}
product();
// Forward and backward of every weight: 6 operations a weight and token, attention left out.
const perToken = 6 * readModel('media/base').data.length;
const shares: number[] = [];
const giga = (rate: number): string => (rate / 1e9).toFixed(1);

const dir = mkdtempSync(join(tmpdir(), 'baton-bench-'));
const engine = await startEngine({ dir, base: 'media/base', backend, program: 'dist/engine.mjs' });
const { client } = engine;
const hashes = new Map<string, string>();
const base = (await client.health()).base_hash;
try {
  for (let step = 0; step < STEPS; step++) {
    const spent = { sample: 0, train: 0 };
    let tokens = 0;
    const before = product();
    for (const [role, content] of Object.entries(prompts)) {
      const began = performance.now();
      const replies = await Promise.all(
        Array.from({ length: ROLLOUTS }, (_, i) =>
          client.chat({
            model: `${role}@v${step}`,
            messages: [{ role: 'user', content }],
            seed: step * 1000 + i,
            max_tokens: 200,
            logprobs: true,
            return_token_ids: true,
            baton: { batch: { id: `s${step}`, size: ROLLOUTS } },
          }),
        ),
      );
      const sampled = performance.now();
      const parts = replies.map((reply) => ({
        prompt: reply.prompt_token_ids!,
        action: reply.choices[0].token_ids!,
        logprobs: reply.choices[0].logprobs!.content.map((t) => t.logprob),
      }));
      const old = parts.flatMap((p) => p.logprobs);
      const reply = await client.update({
        id: `${role}/${step}`,
        role,
        version: `v${step}`,
        parent_hash: hashes.get(role) ?? base,
        next_version: `v${step + 1}`,
        loss: { name: 'policy_gradient', clip_low: 0.2, clip_high: 0.2, dual_clip: null },
        sequences: parts.map(({ prompt, action }) => ({
          tokens: [...prompt, ...action],
          mask: [...prompt.map(() => 0 as const), ...action.map(() => 1 as const)],
        })),
        advantages: old.map((_, i) => Math.sin(i)),
        old_logprobs: old,
        denominator: old.length,
        optimizer: { lr: 1e-5 },
      });
      hashes.set(role, reply.hash);
      spent.sample += sampled - began;
      spent.train += performance.now() - sampled;
      tokens += parts.reduce((sum, p) => sum + p.prompt.length + p.action.length, 0);
    }
    const update = (perToken * tokens) / (spent.train / 1000);
    const floor = (before + product()) / 2;
    // The first step warms caches and compiles.
    if (step > 0) shares.push(update / floor);
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
    console.log(
      `step ${step}: ${seconds(spent.sample + spent.train)} (sampling ${seconds(spent.sample)}, training ${seconds(spent.train)}), ${tokens} tokens; training ${giga(update)}, product of 1024 x 1024 around it ${giga(floor)} GFLOP/s`,
    );
  }
} finally {
  await engine.stop();
  rmSync(dir, { recursive: true, force: true });
}
shares.sort((x, y) => x - y);
console.log(
  `share of the product, lowest, median and highest step: ${shares.map((x) => x.toFixed(2)).join(', ')}`,
);
