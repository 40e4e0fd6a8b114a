// The shape of the embedded model: a plain Llama layout, so that other libraries read the same files.
import * as z from 'zod';

/** `config.json` of a Hugging Face Llama model, limited to what this engine computes. */
export const modelConfigSchema = z.object({
  architectures: z.tuple([z.literal('LlamaForCausalLM')]),
  model_type: z.literal('llama'),
  vocab_size: z.int().min(8).max(65_536),
  hidden_size: z.int().min(2).max(4096),
  intermediate_size: z.int().min(1).max(16_384),
  num_hidden_layers: z.int().min(1).max(64),
  num_attention_heads: z.int().min(1).max(64),
  num_key_value_heads: z.int().min(1).max(64),
  rms_norm_eps: z.number().positive(),
  rope_theta: z.number().positive(),
  max_position_embeddings: z.int().min(2).max(131_072),
  tie_word_embeddings: z.literal(true),
  attention_bias: z.literal(false),
  mlp_bias: z.literal(false),
  hidden_act: z.literal('silu'),
  torch_dtype: z.literal('float32'),
  bos_token_id: z.int().min(0),
  eos_token_id: z.int().min(0),
  pad_token_id: z.int().min(0),
});

export type ModelConfig = z.infer<typeof modelConfigSchema>;

/** One parameter: its Hugging Face name, its shape and where it starts in the flat weight vector. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly size: number;
}

/** Width of one attention head. Throws a RangeError where heads do not divide the width evenly. */
export function headSize(config: ModelConfig): number {
  const size = config.hidden_size / config.num_attention_heads;
  if (!Number.isInteger(size) || size % 2 !== 0) {
    throw new RangeError(
      `config.json: hidden_size ${config.hidden_size} over ${config.num_attention_heads} heads must give an even whole number`,
    );
  }
  if (config.num_key_value_heads !== config.num_attention_heads) {
    throw new RangeError('config.json: num_key_value_heads must equal num_attention_heads');
  }
  return size;
}

/** All parameters in the order of the flat weight vector; linear layers are `[out, in]` as in PyTorch. */
export function parameters(config: ModelConfig): Parameter[] {
  const d = config.hidden_size;
  const f = config.intermediate_size;
  const list: [string, number[]][] = [['model.embed_tokens.weight', [config.vocab_size, d]]];
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const at = `model.layers.${layer}.`;
    list.push([`${at}input_layernorm.weight`, [d]]);
    for (const p of ['q', 'k', 'v', 'o']) list.push([`${at}self_attn.${p}_proj.weight`, [d, d]]);
    list.push([`${at}post_attention_layernorm.weight`, [d]]);
    list.push([`${at}mlp.gate_proj.weight`, [f, d]], [`${at}mlp.up_proj.weight`, [f, d]]);
    list.push([`${at}mlp.down_proj.weight`, [d, f]]);
  }
  list.push(['model.norm.weight', [d]]);
  let offset = 0;
  return list.map(([name, shape]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const parameter = { name, shape, offset, size };
    offset += size;
    return parameter;
  });
}

/** Number of weights in all. */
export function parameterCount(config: ModelConfig): number {
  return parameters(config).reduce((sum, p) => sum + p.size, 0);
}
