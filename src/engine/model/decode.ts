// Decoding with a key-value cache. Products run on the device, all rows at once; the rest runs on the host,
// where one step has too little work to be worth a kernel call each.
import type { Tensor2D } from '@tensorflow/tfjs';
import type { Tf } from '../backend/tf.js';
import { transposed } from './device.js';
import { release } from './memory.js';
import { ropeTables } from './rope.js';
import { headSize, type ModelConfig, parameters } from './shape.js';
import { view, type Weights } from './weights.js';

interface DecodeLayer {
  readonly attentionNorm: Float32Array;
  readonly mlpNorm: Float32Array;
  /** `[d, 3 d]`: q, k, v side by side */
  readonly qkv: Tensor2D;
  readonly o: Tensor2D;
  /** `[d, 2 f]`: gate and up side by side */
  readonly gateUp: Tensor2D;
  readonly down: Tensor2D;
}

export interface DecodeWeights {
  readonly config: ModelConfig;
  readonly embedding: Float32Array;
  readonly layers: readonly DecodeLayer[];
  readonly norm: Float32Array;
  readonly head: Tensor2D;
  readonly cos: Float32Array;
  readonly sin: Float32Array;
  dispose(): void;
}

/** Keys and values of one row so far. */
export interface Cache {
  length: number;
  /** one a layer, `[capacity, d]` */
  readonly keys: readonly Float32Array[];
  readonly values: readonly Float32Array[];
}

export function emptyCache(config: ModelConfig, capacity: number): Cache {
  const make = (): Float32Array[] =>
    Array.from({ length: config.num_hidden_layers }, () => new Float32Array(capacity * config.hidden_size));
  return { length: 0, keys: make(), values: make() };
}

/** Copies weights to the device for decoding. The caller disposes the result. */
export function uploadForDecoding(tf: Tf, weights: Weights): DecodeWeights {
  const { config } = weights;
  const data = weights.data.slice();
  const byName = new Map(parameters(config).map((p) => [p.name, { p, values: view(data, p) }]));
  const get = (name: string): Float32Array => byName.get(name)!.values;
  /** maps `[out, in]` stacked by their outputs, as one `[in, out in all]` */
  const matrix = (names: string[]): Tensor2D => {
    const inputs = byName.get(names[0]!)!.p.shape[1]!;
    const rows = names.reduce((sum, n) => sum + byName.get(n)!.p.shape[0]!, 0);
    const stacked = new Float32Array(rows * inputs);
    let at = 0;
    for (const n of names) {
      stacked.set(get(n), at);
      at += get(n).length;
    }
    return tf.tensor2d(transposed(stacked, rows, inputs), [inputs, rows]);
  };
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i): DecodeLayer => {
    const at = (part: string): string => `model.layers.${i}.${part}.weight`;
    return {
      attentionNorm: get(at('input_layernorm')),
      mlpNorm: get(at('post_attention_layernorm')),
      qkv: matrix([at('self_attn.q_proj'), at('self_attn.k_proj'), at('self_attn.v_proj')]),
      o: matrix([at('self_attn.o_proj')]),
      gateUp: matrix([at('mlp.gate_proj'), at('mlp.up_proj')]),
      down: matrix([at('mlp.down_proj')]),
    };
  });
  const head = matrix(['model.embed_tokens.weight']);
  const positions = Array.from({ length: config.max_position_embeddings }, (_, i) => i);
  return {
    config,
    embedding: get('model.embed_tokens.weight'),
    layers,
    norm: get('model.norm.weight'),
    head,
    ...ropeTables(positions, headSize(config), config.rope_theta),
    dispose: () =>
      release(tf, { head, layers: layers.map(({ qkv, o, gateUp, down }) => [qkv, o, gateUp, down]) }),
  };
}

/** `x w` for host x `[n, k]`. */
function product(tf: Tf, x: Float32Array, n: number, w: Tensor2D): Float32Array {
  const input = tf.tensor2d(x, [n, w.shape[0]]);
  const output = tf.matMul(input, w);
  const values = output.dataSync<'float32'>() as Float32Array;
  input.dispose();
  output.dispose();
  return values;
}

function normed(x: Float32Array, gain: Float32Array, eps: number): Float32Array {
  const d = gain.length;
  const out = new Float32Array(x.length);
  for (let at = 0; at < x.length; at += d) {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += x[at + j]! * x[at + j]!;
    const inverse = 1 / Math.sqrt(sum / d + eps);
    for (let j = 0; j < d; j++) out[at + j] = x[at + j]! * inverse * gain[j]!;
  }
  return out;
}

function addTo(x: Float32Array, y: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = x[i]! + y[i]!;
}

/** Rotates one token's q or k `[d]` in place, for all heads. */
function turn(x: Float32Array, at: number, w: DecodeWeights, position: number): void {
  const size = headSize(w.config);
  const half = size / 2;
  const table = position * size;
  for (let h = at; h < at + w.config.hidden_size; h += size) {
    for (let i = 0; i < half; i++) {
      const a = x[h + i]!;
      const b = x[h + i + half]!;
      x[h + i] = a * w.cos[table + i]! - b * w.sin[table + i]!;
      x[h + i + half] = b * w.cos[table + i]! + a * w.sin[table + i]!;
    }
  }
}

/** Attention of one token over its row's cache: q at `qkv[from..]`, result to `out[to..]`. */
function attend(
  w: DecodeWeights,
  qkv: Float32Array,
  from: number,
  keys: Float32Array,
  values: Float32Array,
  count: number,
  scores: Float64Array,
  out: Float32Array,
  to: number,
): void {
  const d = w.config.hidden_size;
  const size = headSize(w.config);
  const scale = 1 / Math.sqrt(size);
  for (let h = 0; h < d; h += size) {
    let top = -Infinity;
    for (let s = 0; s < count; s++) {
      const k = s * d + h;
      let dot = 0;
      for (let j = 0; j < size; j++) dot += qkv[from + h + j]! * keys[k + j]!;
      scores[s] = dot * scale;
      if (scores[s]! > top) top = scores[s]!;
    }
    let sum = 0;
    for (let s = 0; s < count; s++) {
      scores[s] = Math.exp(scores[s]! - top);
      sum += scores[s]!;
    }
    for (let s = 0; s < count; s++) {
      const p = scores[s]! / sum;
      const v = s * d + h;
      for (let j = 0; j < size; j++) out[to + h + j] = out[to + h + j]! + p * values[v + j]!;
    }
  }
}

export interface DecodeRow {
  readonly cache: Cache;
  /** tokens to read now: the whole prompt first, then one at a time */
  readonly tokens: readonly number[];
}

/**
 * Reads new tokens of every row and returns the logits `[R, V]` after each row's last one. Rows do not
 * influence each other. The caches grow; a cache that is full is a RangeError.
 */
export function advance(tf: Tf, w: DecodeWeights, rows: readonly DecodeRow[]): Float32Array {
  const { config } = w;
  const d = config.hidden_size;
  const f = config.intermediate_size;
  const total = rows.reduce((sum, r) => sum + r.tokens.length, 0);
  const x = new Float32Array(total * d);
  let at = 0;
  for (const { tokens, cache } of rows) {
    if ((cache.length + tokens.length) * d > cache.keys[0]!.length)
      throw new RangeError('the context is full');
    for (const token of tokens) x.set(w.embedding.subarray(token * d, (token + 1) * d), d * at++);
  }
  const scores = new Float64Array(config.max_position_embeddings);
  w.layers.forEach((layer, l) => {
    const qkv = product(tf, normed(x, layer.attentionNorm, config.rms_norm_eps), total, layer.qkv);
    const mixed = new Float32Array(total * d);
    let n = 0;
    for (const { tokens, cache } of rows) {
      const keys = cache.keys[l]!;
      const values = cache.values[l]!;
      for (let i = 0; i < tokens.length; i++, n++) {
        const from = n * 3 * d;
        const position = cache.length + i;
        turn(qkv, from, w, position);
        turn(qkv, from + d, w, position);
        keys.set(qkv.subarray(from + d, from + 2 * d), position * d);
        values.set(qkv.subarray(from + 2 * d, from + 3 * d), position * d);
        attend(w, qkv, from, keys, values, position + 1, scores, mixed, n * d);
      }
    }
    addTo(x, product(tf, mixed, total, layer.o));
    const gateUp = product(tf, normed(x, layer.mlpNorm, config.rms_norm_eps), total, layer.gateUp);
    const hidden = new Float32Array(total * f);
    for (let i = 0; i < total; i++) {
      for (let j = 0; j < f; j++) {
        const gate = gateUp[2 * f * i + j]!;
        hidden[f * i + j] = (gate / (1 + Math.exp(-gate))) * gateUp[2 * f * i + f + j]!;
      }
    }
    addTo(x, product(tf, hidden, total, layer.down));
  });
  const last = new Float32Array(rows.length * d);
  let end = 0;
  rows.forEach(({ tokens, cache }, r) => {
    cache.length += tokens.length;
    end += tokens.length;
    last.set(x.subarray((end - 1) * d, end * d), r * d);
  });
  return product(tf, normed(last, w.norm, config.rms_norm_eps), rows.length, w.head);
}
