// The whole network on one packed batch: logits of the scored tokens, and gradients of all weights.
// The backward pass is written out: on wasm the generic one runs transposed products that are far slower.
import type { Tensor2D } from '@tensorflow/tfjs';
import type { Tf } from '../backend/tf.js';
import type { Attention, AttentionKernel } from './attention/kernel.js';
import type { DeviceWeights } from './device.js';
import { collectGradients } from './gradients.js';
import { type LayerGradients, type LayerSaved, layerBackward, layerForward } from './layer.js';
import { release, scoped } from './memory.js';
import { type NormSaved, normBackward, normForward } from './norm.js';
import type { Packed } from './packing.js';
import { headSize } from './shape.js';

interface Saved {
  readonly attention: Attention;
  readonly layers: LayerSaved[];
  readonly norm: NormSaved;
  /** `[A, d]` normed states before the head */
  readonly last: Tensor2D;
}

/** A forward pass that can be followed by one backward pass. Dispose it when done. */
export interface Pass {
  /** `[A, vocabulary]` row-major, on the host */
  readonly logits: Float32Array;
  /** Gradient of all weights, flat, from the gradient of the logits (host, same shape). */
  backward(dLogits: Float32Array): Float32Array;
  dispose(): void;
}

/** Runs the network. `keep` false saves memory where no backward pass follows. */
export function forward(
  tf: Tf,
  kernel: AttentionKernel,
  w: DeviceWeights,
  packed: Packed,
  keep: boolean,
): Pass {
  const { config } = w;
  const shape = { heads: config.num_attention_heads, size: headSize(config), theta: config.rope_theta };
  const kept = scoped(tf, () => {
    const attention = kernel.over(tf, packed, shape);
    const context = { tf, attention, eps: config.rms_norm_eps };
    let x = pickRows(tf, w.table, packed.ids, config.hidden_size);
    const layers: LayerSaved[] = [];
    for (const layer of w.layers) {
      const [out, saved] = layerForward(context, x, layer);
      x = out;
      if (keep) layers.push(saved);
    }
    const picked = pickRows(tf, x.dataSync<'float32'>() as Float32Array, packed.rows, config.hidden_size);
    const [last, norm] = normForward(tf, picked, w.norm, config.rms_norm_eps);
    const logits = tf.matMul(last, w.head) as Tensor2D;
    return { logits, saved: keep ? [{ attention, layers, norm, last }] : [] };
  });
  const logits = kept.logits.dataSync<'float32'>() as Float32Array;
  kept.logits.dispose();
  const saved: Saved | undefined = kept.saved[0];
  return {
    logits,
    backward(dLogits) {
      if (saved === undefined)
        throw new Error('this pass was run without keeping what a backward pass needs');
      return backward(tf, w, packed, saved, dLogits);
    },
    dispose: () => release(tf, kept.saved),
  };
}

function backward(
  tf: Tf,
  w: DeviceWeights,
  packed: Packed,
  saved: Saved,
  dLogits: Float32Array,
): Float32Array {
  const { config } = w;
  const context = { tf, attention: saved.attention, eps: config.rms_norm_eps };
  const count = packed.rows.length;
  const found = scoped(tf, () => {
    const d = tf.tensor2d(dLogits, [count, config.vocab_size]);
    const head = tf.matMul(tf.transpose(saved.last), d) as Tensor2D;
    // The head is the embedding transposed, so its backward form is the embedding itself.
    const dLast = tf.matMul(d, w.embedding) as Tensor2D;
    const [dPicked, norm] = normBackward(tf, dLast, w.norm, saved.norm);
    let dx = scatter(tf, dPicked, packed);
    const layers: LayerGradients[] = [];
    for (let i = w.layers.length - 1; i >= 0; i--) {
      const [next, grads] = layerBackward(context, dx, w.layers[i]!, saved.layers[i]!);
      dx = next;
      layers.unshift(grads);
    }
    return { head, norm, layers, input: dx };
  });
  const flat = collectGradients(config, packed, found);
  release(tf, found);
  return flat;
}

/** Rows of a matrix of this width that lies on the host; on wasm a gather takes longer than the way there and back. */
function pickRows(tf: Tf, from: Float32Array, rows: Int32Array, width: number): Tensor2D {
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    out.set(from.subarray(row * width, (row + 1) * width), i * width);
  });
  return tf.tensor2d(out, [rows.length, width]);
}

/** Spreads `[A, d]` over `[N, d]`, zero elsewhere. */
function scatter(tf: Tf, picked: Tensor2D, packed: Packed): Tensor2D {
  const width = picked.shape[1];
  const from = picked.dataSync<'float32'>();
  const out = new Float32Array(packed.ids.length * width);
  packed.rows.forEach((row, i) => {
    out.set(from.subarray(i * width, (i + 1) * width), row * width);
  });
  return tf.tensor2d(out, [packed.ids.length, width]);
}
