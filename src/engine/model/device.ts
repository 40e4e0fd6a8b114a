// Copies of the weights on the device, in the forms that plain 2-D products need: forward `[in, out]`,
// backward `[out, in]`. Transposed products are 10 to 50 times slower on wasm, so none is used.
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { Tf } from '../backend/tf.js';
import { release } from './memory.js';
import { headSize, type ModelConfig, parameters } from './shape.js';
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
  /** one map of `[d, head]` for each head */
  readonly q: readonly Linear[];
  readonly k: readonly Linear[];
  readonly v: readonly Linear[];
  /** one map of `[head, d]` for each head */
  readonly o: readonly Linear[];
  readonly mlpNorm: Tensor1D;
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;
}

export interface DeviceWeights {
  readonly config: ModelConfig;
  /** `[vocabulary, d]` */
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

/** Columns `[from, from + count)` of a row-major matrix. */
function columns(source: Float32Array, width: number, from: number, count: number): Float32Array {
  const rows = source.length / width;
  const out = new Float32Array(rows * count);
  for (let i = 0; i < rows; i++)
    out.set(source.subarray(i * width + from, i * width + from + count), i * count);
  return out;
}

/** Copies weights to the device. The caller disposes the result. */
export function upload(tf: Tf, weights: Weights): DeviceWeights {
  const { config, data } = weights;
  const byName = new Map(parameters(config).map((p) => [p.name, view(data, p)]));
  const get = (name: string): Float32Array => byName.get(name)!;
  const d = config.hidden_size;
  const f = config.intermediate_size;
  const size = headSize(config);
  const heads = Array.from({ length: config.num_attention_heads }, (_, h) => h);
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i): DeviceLayer => {
    const at = `model.layers.${i}.`;
    const split = (p: string): Linear[] => {
      const weight = get(`${at}self_attn.${p}_proj.weight`);
      return heads.map((h) => linear(tf, weight.subarray(h * size * d, (h + 1) * size * d), size, d));
    };
    const o = get(`${at}self_attn.o_proj.weight`);
    return {
      attentionNorm: tf.tensor1d(get(`${at}input_layernorm.weight`).slice()),
      q: split('q'),
      k: split('k'),
      v: split('v'),
      o: heads.map((h) => linear(tf, columns(o, d, h * size, size), d, size)),
      mlpNorm: tf.tensor1d(get(`${at}post_attention_layernorm.weight`).slice()),
      gate: linear(tf, get(`${at}mlp.gate_proj.weight`), f, d),
      up: linear(tf, get(`${at}mlp.up_proj.weight`), f, d),
      down: linear(tf, get(`${at}mlp.down_proj.weight`), d, f),
    };
  });
  const table = get('model.embed_tokens.weight');
  const device = {
    config,
    embedding: matrix(tf, table, config.vocab_size, d),
    head: matrix(tf, transposed(table, config.vocab_size, d), d, config.vocab_size),
    layers,
    norm: tf.tensor1d(get('model.norm.weight').slice()),
  };
  return { ...device, dispose: () => release(tf, { ...device, config: {} }) };
}
