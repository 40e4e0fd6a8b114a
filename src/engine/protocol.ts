// The engine protocol: one schema a route, shared by server and client. Field names are snake case because
// they travel over HTTP beside OpenAI's. Arrays "per scored token" hold one entry for each 1 in the masks,
// sequence after sequence.
import { randomInt } from 'node:crypto';
import * as z from 'zod';

export const roleName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'a role is a letter, then letters, digits, _ or -');
export const versionName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a version is letters, digits, ., _ or -');
/** `role@version`; `role@v0` is the base for every role. */
export const policyName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}@[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a policy is named role@version');

const finite = z.number();
const hash = z.string().regex(/^[0-9a-f]{64}$/, 'a hash is 64 hex digits');
const temperature = z.number().min(0).max(10);

const contentPart = z.object({ type: z.literal('text'), text: z.string() });
const chatMessage = z.object({
  role: z.string(),
  content: z.union([
    z.string(),
    z.null().transform(() => ''),
    z.array(contentPart).transform((parts) => parts.map((p) => p.text).join('')),
  ]),
});

/** What no engine of ours can do; null says no more than leaving it out, as clients do. */
const refused = (what: string) => z.null(`this engine ${what}`).optional();

/** `POST /v1/chat/completions`. What this engine cannot do is refused rather than ignored. */
export const chatRequest = z.object({
  model: policyName,
  messages: z.array(chatMessage).min(1).max(1000),
  temperature: temperature.nullish().transform((said) => said ?? 1),
  top_p: z
    .number()
    .gt(0)
    .max(1)
    .nullish()
    .transform((said) => said ?? 1),
  max_tokens: z.int().min(1).max(100_000).nullish(),
  max_completion_tokens: z.int().min(1).max(100_000).nullish(),
  /** one of its own where none is given: who asks again wants another answer */
  seed: z
    .int()
    .min(0)
    .nullish()
    .transform((said) => said ?? randomInt(2 ** 31)),
  n: z.literal(1, 'this engine gives one choice a request').nullish(),
  /** the same reply as server-sent events, all it says in one of them */
  stream: z
    .boolean()
    .nullish()
    .transform((said) => said ?? false),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  stop: refused('knows no stop sequences'),
  tools: refused('cannot call tools'),
  response_format: refused('cannot follow a schema'),
  top_logprobs: refused('tells the log-probability of what it sampled only'),
  logprobs: z
    .boolean()
    .nullish()
    .transform((said) => said ?? false),
  return_token_ids: z.boolean().default(false),
  /** requests of one batch wait for each other (for a bounded time) and are ordered by seed */
  baton: z
    .object({
      batch: z.object({ id: z.string().min(1).max(200), size: z.int().min(1).max(4096) }).optional(),
    })
    .optional(),
});

export const chatReply = z.object({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: z.int(),
  model: z.string(),
  /** hash of the weights that wrote this */
  system_fingerprint: z.string(),
  prompt_token_ids: z.array(z.int()).optional(),
  choices: z.tuple([
    z.object({
      index: z.literal(0),
      message: z.object({ role: z.literal('assistant'), content: z.string() }),
      finish_reason: z.enum(['stop', 'length']),
      /** sampled ids, the end token included */
      token_ids: z.array(z.int()).optional(),
      logprobs: z
        .object({
          content: z.array(
            z.object({
              token: z.string(),
              logprob: finite,
              bytes: z.array(z.int()),
              top_logprobs: z.array(z.never()),
            }),
          ),
        })
        .nullable(),
    }),
  ]),
  usage: z.object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() }),
});

/** Token ids of a prompt with its action, and a mask with 1 where a token is scored. */
export const sequenceSchema = z
  .object({ tokens: z.array(z.int().min(0)).min(2), mask: z.array(z.union([z.literal(0), z.literal(1)])) })
  .refine(
    (s) => s.mask.length === s.tokens.length && s.mask[0] === 0,
    'mask: one entry a token, and 0 for the first',
  );

const sequences = z.array(sequenceSchema).min(1).max(100_000);

/** `POST /baton/v1/logprobs`. `model` may be `reference`: the base that training started from. */
export const logprobsRequest = z.object({
  model: z.union([z.literal('reference'), policyName]),
  sequences,
  /** log-probabilities are of logits / temperature */
  temperature: z.number().positive().max(10).default(1),
});

export const logprobsReply = z.object({
  model: z.string(),
  hash,
  /** one list a sequence, one entry a scored token */
  logprobs: z.array(z.array(finite)),
});

const policyGradient = z.object({
  name: z.literal('policy_gradient'),
  clip_low: z.number().min(0).max(1),
  clip_high: z.number().min(0),
  /** lower bound c of the objective for negative advantages, as c * A; null for none */
  dual_clip: z.number().gt(1).nullable(),
});

export const lossSchema = z.discriminatedUnion('name', [
  policyGradient,
  z.object({ name: z.literal('sft') }),
  z.object({ name: z.literal('dpo'), beta: z.number().positive() }),
]);

/** KL to the reference inside the loss. k1 has no expected gradient there, so it does not exist here. */
export const klSchema = z.object({ estimator: z.enum(['k2', 'k3']), coefficient: z.number().min(0) });

export const optimizerSchema = z.object({
  lr: z.number().min(0),
  betas: z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]).default([0.9, 0.95]),
  eps: z.number().positive().default(1e-5),
  decay: z.number().min(0).default(0),
  grad_clip: z.number().positive().default(1),
});

/** `POST /baton/v1/update`: one micro-batch of one optimiser step. */
export const updateRequest = z.object({
  /**
   * the same for all micro-batches of a step; sent again it gives the stored answer, and a micro-batch that failed can
   * be sent again: it was not counted
   */
  id: z.string().min(1).max(200),
  role: roleName,
  /** version the step starts from, and the hash it must have */
  version: versionName,
  parent_hash: hash,
  /** version that the step makes */
  next_version: versionName,
  loss: lossSchema,
  kl: klSchema.nullable().default(null),
  sequences,
  /** per scored token, see each loss */
  advantages: z.array(finite).optional(),
  old_logprobs: z.array(finite).optional(),
  behaviour_logprobs: z.array(finite).optional(),
  reference_logprobs: z.array(finite).optional(),
  /** dpo: per sequence, its pair and whether it is the preferred one; both of a pair are in one micro-batch */
  pairs: z.array(z.object({ id: z.string(), chosen: z.boolean() })).optional(),
  /** what sums are divided by: scored tokens of the whole step, for dpo its pairs */
  denominator: z.number().positive(),
  micro_batch: z.object({ index: z.int().min(0), last: z.boolean() }).default({ index: 0, last: true }),
  optimizer: optimizerSchema,
  temperature: z.number().positive().max(10).default(1),
});

export const updateReply = z.object({
  id: z.string(),
  /** false where more micro-batches are awaited: nothing changed yet */
  applied: z.boolean(),
  policy: z.string(),
  /** hash of the new weights, or of the parent while not applied */
  hash,
  loss: finite,
  /** mean of exp(d) - 1 - d over scored tokens, d = new - old log-probability */
  approximate_kl: finite,
  clip_fraction: finite,
  /** before clipping; 0 while not applied */
  gradient_norm: finite,
  tokens: z.int(),
  /** what a person should know: smaller micro-batches after running out of device memory */
  notes: z.array(z.string()).optional(),
});

/** `POST /baton/v1/checkpoints`. */
export const checkpointsRequest = z.discriminatedUnion('action', [
  z.object({ action: z.literal('save'), name: versionName, policies: z.record(roleName, versionName) }),
  z.object({ action: z.literal('load'), name: versionName }),
  z.object({ action: z.literal('list') }),
  /** a checkpoint by name, or single policies that no checkpoint holds */
  z.object({
    action: z.literal('delete'),
    name: versionName.optional(),
    policies: z.array(policyName).optional(),
  }),
]);

export const checkpointSchema = z.object({
  name: versionName,
  policies: z.record(roleName, z.object({ version: versionName, hash })),
});

export const checkpointsReply = z.object({ checkpoints: z.array(checkpointSchema) });

export const healthReply = z.object({
  status: z.literal('ok'),
  engine: z.enum(['tfjs', 'torch']),
  backend: z.string(),
  /** why this backend and not another, one line each */
  reasons: z.array(z.string()),
  /** what samples, where an engine has a choice */
  sampler: z.enum(['own', 'vllm']).optional(),
  /** type of the numbers that it calculates with, where an engine has a choice */
  numbers: z.enum(['float32', 'bfloat16']).optional(),
  deterministic: z.boolean(),
  base_hash: hash,
  pid: z.int(),
});

export const modelsReply = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({ id: z.string(), object: z.literal('model'), created: z.int(), owned_by: z.string(), hash }),
  ),
});

export const errorReply = z.object({
  error: z.object({ code: z.string(), message: z.string(), type: z.string() }),
});

export type ChatRequest = z.infer<typeof chatRequest>;
export type ChatReply = z.infer<typeof chatReply>;
export type LogprobsReply = z.infer<typeof logprobsReply>;
export type Loss = z.infer<typeof lossSchema>;
export type Kl = z.infer<typeof klSchema>;
export type UpdateRequest = z.infer<typeof updateRequest>;
export type UpdateReply = z.infer<typeof updateReply>;
export type CheckpointsRequest = z.infer<typeof checkpointsRequest>;
export type Checkpoint = z.infer<typeof checkpointSchema>;
export type Models = z.infer<typeof modelsReply>;
export type Health = z.infer<typeof healthReply>;
