// Copies of the weights on the device, in the forms that plain 2-D products need: forward `[in, out]`,
// backward `[out, in]`. Transposed products are 10 to 50 times slower on wasm, so none is used.
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { Tf } from '../backend/tf.js';
import { release } from './memory.js';
import { type ModelConfig, parameters } from './shape.js';
import { view, type Weights } from './weights.js';

/** One linear map in both directions. */
export interface Linear {
  /** `[in, out]` */
  readonly forward: Tensor2D;
  /** `[out, in]` */
  readonly backward: Tensor2D;
}

export interface DeviceLayer {
  readonly attentionNorm: Tensor1D;
  /** `[d, 3 d]`: q, k and v side by side */
  readonly qkv: Linear;
  readonly o: Linear;
  readonly mlpNorm: Tensor1D;
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;
}

export interface DeviceWeights {
  readonly config: ModelConfig;
  /** `[vocabulary, d]`, on the host and on the device */
  readonly table: Float32Array;
  readonly embedding: Tensor2D;
  /** `[d, vocabulary]` */
  readonly head: Tensor2D;
  readonly layers: readonly DeviceLayer[];
  readonly norm: Tensor1D;
  dispose(): void;
}

/** The transpose of a row-major `[rows, columns]` matrix. */
export function transposed(source: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(source.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[j * rows + i] = source[i * columns + j]!;
  }
  return out;
}

function matrix(tf: Tf, data: Float32Array, rows: number, columns: number): Tensor2D {
  // tfjs may keep the array that it is given, and ours change under an optimiser: hand over a copy.
  return tf.tensor2d(data.slice(), [rows, columns]);
}

function linear(tf: Tf, weight: Float32Array, out: number, inputs: number): Linear {
  return {
    forward: matrix(tf, transposed(weight, out, inputs), inputs, out),
    backward: matrix(tf, weight, out, inputs),
  };
}

/** Copies weights to the device. The caller disposes the result. */
export function upload(tf: Tf, weights: Weights): DeviceWeights {
  const { config, data } = weights;
  const byPart = new Map(parameters(config).map((p) => [p.name, p]));
  const get = (name: string): Float32Array => view(data, byPart.get(name)!);
  const d = config.hidden_size;
  const f = config.intermediate_size;
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i): DeviceLayer => {
    const at = `model.layers.${i}.`;
    // The three maps follow each other in the flat vector.
    const first = byPart.get(`${at}self_attn.q_proj.weight`)!.offset;
    return {
      attentionNorm: tf.tensor1d(get(`${at}input_layernorm.weight`).slice()),
      qkv: linear(tf, data.subarray(first, first + 3 * d * d), 3 * d, d),
      o: linear(tf, get(`${at}self_attn.o_proj.weight`), d, d),
      mlpNorm: tf.tensor1d(get(`${at}post_attention_layernorm.weight`).slice()),
      gate: linear(tf, get(`${at}mlp.gate_proj.weight`), f, d),
      up: linear(tf, get(`${at}mlp.up_proj.weight`), f, d),
      down: linear(tf, get(`${at}mlp.down_proj.weight`), d, f),
    };
  });
  const table = get('model.embed_tokens.weight').slice();
  const device = {
    // Nothing changes this copy, so the tensor may keep it.
    embedding: tf.tensor2d(table, [config.vocab_size, d]),
    head: matrix(tf, transposed(table, config.vocab_size, d), d, config.vocab_size),
    layers,
    norm: tf.tensor1d(get('model.norm.weight').slice()),
  };
  return { config, table, ...device, dispose: () => release(tf, device) };
}
