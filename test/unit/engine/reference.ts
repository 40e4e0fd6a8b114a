// A plain Float64 Llama forward pass, written for clarity only: the yardstick of the engine's network.
import { headSize, type ModelConfig, parameters } from '../../../src/engine/model/shape.js';

type Matrix = number[][];

export const tiny: ModelConfig = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 11,
  hidden_size: 8,
  intermediate_size: 6,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  max_position_embeddings: 64,
  tie_word_embeddings: true,
  attention_bias: false,
  mlp_bias: false,
  hidden_act: 'silu',
  torch_dtype: 'float32',
  bos_token_id: 1,
  eos_token_id: 2,
  pad_token_id: 0,
};

/** `x W'` with W `[out, in]`. */
function linear(x: Matrix, w: ArrayLike<number>, inputs: number): Matrix {
  const out = w.length / inputs;
  return x.map((row) =>
    Array.from({ length: out }, (_, o) => row.reduce((sum, value, i) => sum + value * w[o * inputs + i]!, 0)),
  );
}

function norm(x: Matrix, gain: ArrayLike<number>, eps: number): Matrix {
  return x.map((row) => {
    const rms = Math.sqrt(row.reduce((s, v) => s + v * v, 0) / row.length + eps);
    return row.map((v, i) => (v / rms) * gain[i]!);
  });
}

function rope(x: Matrix, size: number, theta: number): Matrix {
  const half = size / 2;
  return x.map((row, position) =>
    row.map((v, at) => {
      const i = at % size;
      const angle = position * theta ** ((-2 * (i % half)) / size);
      const other = i < half ? -row[at + half]! : row[at - half]!;
      return v * Math.cos(angle) + other * Math.sin(angle);
    }),
  );
}

function softmax(row: number[]): number[] {
  const top = Math.max(...row);
  const e = row.map((v) => Math.exp(v - top));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

/** Logits `[T, vocabulary]` of one sequence; weights flat as `parameters(config)` says, in Float64. */
export function referenceLogits(config: ModelConfig, flat: Float64Array, tokens: readonly number[]): Matrix {
  const get = new Map(parameters(config).map((p) => [p.name, flat.subarray(p.offset, p.offset + p.size)]));
  const d = config.hidden_size;
  const size = headSize(config);
  const embedding = get.get('model.embed_tokens.weight')!;
  let x: Matrix = tokens.map((t) => Array.from(embedding.subarray(t * d, (t + 1) * d)));
  const add = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((v, j) => v + b[i]![j]!));
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const w = (name: string): Float64Array => get.get(`model.layers.${layer}.${name}.weight`)!;
    const h = norm(x, w('input_layernorm'), config.rms_norm_eps);
    const q = rope(linear(h, w('self_attn.q_proj'), d), size, config.rope_theta);
    const k = rope(linear(h, w('self_attn.k_proj'), d), size, config.rope_theta);
    const v = linear(h, w('self_attn.v_proj'), d);
    const mixed = x.map((_, t) => {
      const out: number[] = [];
      for (let head = 0; head < d; head += size) {
        const dims = Array.from({ length: size }, (_, i) => head + i);
        const scores = Array.from(
          { length: t + 1 },
          (_, s) => dims.reduce((sum, j) => sum + q[t]![j]! * k[s]![j]!, 0) / Math.sqrt(size),
        );
        const p = softmax(scores);
        for (const j of dims) out.push(p.reduce((sum, weight, s) => sum + weight * v[s]![j]!, 0));
      }
      return out;
    });
    x = add(x, linear(mixed, w('self_attn.o_proj'), d));
    const m = norm(x, w('post_attention_layernorm'), config.rms_norm_eps);
    const gate = linear(m, w('mlp.gate_proj'), d);
    const up = linear(m, w('mlp.up_proj'), d);
    const hidden = gate.map((row, i) => row.map((g, j) => (g / (1 + Math.exp(-g))) * up[i]![j]!));
    x = add(x, linear(hidden, w('mlp.down_proj'), config.intermediate_size));
  }
  return linear(norm(x, get.get('model.norm.weight')!, config.rms_norm_eps), embedding, d);
}
