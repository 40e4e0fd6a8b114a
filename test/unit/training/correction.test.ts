import { expect, test } from 'vitest';
import type { UpdateRequest } from '../../../src/engine/index.js';
import { lossOf } from '../../../src/engine/loss.js';
import { type Sample, shareOfMove, updateRole } from '../../../src/training/index.js';
import { checkWorkflow, diskFiles } from '../../../src/workflow/index.js';

const { training } = checkWorkflow(
  `baton: 1
models: {m: {provider: embedded}}
tasks: [{prompt: p}]
artifacts: {a: {kind: message}}
agents: {a: {role: r, produces: [a]}}
training: {learning_rate: 1, warmup: 0}
`,
  'a.baton.yaml',
  { files: diskFiles('.') },
).workflow!;

const SAMPLER = [
  [-1, -2],
  [-0.5, -1.5],
];
const samples = SAMPLER.map(
  (old, at): Sample => ({
    role: 'a',
    rollout: `r${at}`,
    action: `a.${at}`,
    group: 't',
    later: [],
    reward: at,
    old,
    reference: null,
    promptIds: [1],
    ids: [2, 3],
  }),
);

/** What one update asks of an engine whose own log-probabilities of the samples are these. */
async function asked(trainer: number[][]): Promise<{ request: UpdateRequest; gap: number; scored: number }> {
  let request: UpdateRequest | undefined;
  let scored = 0;
  const reply = { applied: true, policy: 'a@v1', hash: 'h', loss: 0, approximate_kl: 0, clip_fraction: 0 };
  const report = await updateRole(
    {
      logprobs: async ({ model, sequences }) => {
        scored += sequences.length;
        return { model, hash: 'h', logprobs: trainer.slice(0, sequences.length) };
      },
      update: async (given) => {
        request = given as UpdateRequest;
        return { ...reply, id: given.id, gradient_norm: 0, tokens: 4 };
      },
    },
    'a',
    { version: 'v0', hash: 'g', updates: 0, kl: 0 },
    samples,
    0,
    { ...training, minibatches: 1, epochs: 1, kl: { ...training.kl, target: undefined } },
  );
  return { request: request!, gap: report.behaviourGap, scored };
}

test('where sampler and trainer agree to 1e-3, the sampled log-probabilities are both', async () => {
  const { request, gap } = await asked([
    [-1.0005, -2],
    [-0.5, -1.5],
  ]);
  expect(gap).toBeCloseTo(0.0005, 12);
  expect(request.behaviour_logprobs).toBeUndefined();
  expect([...request.old_logprobs!].sort()).toEqual([-0.5, -1, -1.5, -2].sort());
});

test('where they differ, rho is over the trainer and a token weighs min(exp(trainer - sampler), 2)', async () => {
  const trainer = [
    [-0.9, -2.5],
    [-0.5, -0.5],
  ];
  const { request, gap, scored } = await asked(trainer);
  expect(gap).toBeCloseTo(1, 12);
  expect(scored).toBe(4); // a look at both, then all of them
  const order = request.sequences.length === 2 && request.old_logprobs![0] === -0.9 ? [0, 1] : [1, 0];
  expect(request.old_logprobs).toEqual(order.flatMap((at) => trainer[at]!));
  expect(request.behaviour_logprobs).toEqual(order.flatMap((at) => SAMPLER[at]!));
  // Rewards 0 and 1, mean 1/2, standard deviation 1/2: advantages -1 and 1. At rho 1 the loss is -sum(w A) / 4:
  // weights e^0.1, e^-0.5 of the first and 1, 2 (e^1 is cut) of the second.
  const out = lossOf(request.loss, null, {
    logprobs: Float64Array.from(request.old_logprobs!),
    offsets: [0, 2, 4],
    old: request.old_logprobs,
    behaviour: request.behaviour_logprobs,
    advantages: request.advantages!,
    denominator: request.denominator,
  });
  const [first, second] = [1.1051709180756477 + 0.6065306597126334, 1 + 2];
  expect(out.loss).toBeCloseTo((first - second) / 4, 12);
});

test('a served policy is told from an old one by how far it went on the way to the new one', () => {
  const old = [-1, -2, -3, -1];
  const now = [-1.2, -1.6, -3, -1.1];
  expect(shareOfMove(now, old, now)).toEqual({ share: expect.closeTo(1, 12), error: 0 });
  expect(shareOfMove(old, old, now)).toEqual({ share: expect.closeTo(0, 12), error: 0 });
  // Moves -0.2, 0.4, 0, -0.1: squares sum to 0.21. Served is off the new one by 0.1 at the second token only:
  // share = (0.21 + 0.4 * 0.1) / 0.21, error = sqrt(0.01 / 4 / 0.21).
  const off = shareOfMove([-1.2, -1.5, -3, -1.1], old, now);
  expect(off.share).toBeCloseTo(0.25 / 0.21, 12);
  expect(off.error).toBeCloseTo(Math.sqrt(0.0025 / 0.21), 12);
  // A change that nobody can see tells nothing.
  expect(shareOfMove(old, old, old).error).toBeNaN();
});
