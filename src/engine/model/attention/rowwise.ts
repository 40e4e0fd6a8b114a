// Attention sequence by sequence and head by head, for wasm: products of plain matrices run on the device, and what
// only moves or rotates numbers runs here, where it costs one pass over them instead of a kernel call each.
import type { Tensor2D } from '@tensorflow/tfjs';
import type { Tf } from '../../backend/tf.js';
import { ropeTables } from '../rope.js';
import type { AttentionKernel } from './kernel.js';

/** One head of one sequence: rows and the first column of its block in `[N, blocks * d]`. */
interface Part {
  readonly start: number;
  readonly length: number;
  readonly column: number;
  readonly size: number;
}

/** `[N, width]`, row-major. */
interface Matrix {
  readonly values: Float32Array;
  readonly width: number;
}

interface Rotation {
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

const HIDDEN = -1e9;

export const rowwise: AttentionKernel = {
  layout: 'spans',
  over(tf, packed, { heads, size, theta }) {
    if (packed.layout.kind !== 'spans') throw new RangeError('rowwise attention needs spans');
    const { starts } = packed.layout;
    const n = packed.ids.length;
    const d = heads * size;
    const rotation = ropeTables(packed.positions, size, theta);
    const scale = 1 / Math.sqrt(size);
    const parts = starts.flatMap((start, s) => {
      const length = (starts[s + 1] ?? n) - start;
      return Array.from({ length: heads }, (_, h): Part => ({ start, length, column: h * size, size }));
    });
    const masks = new Map<number, Tensor2D>();
    for (const { length } of parts) if (!masks.has(length)) masks.set(length, causal(tf, length));
    const [k0, v0] = [d, 2 * d];

    return {
      shared: [...masks.values()],
      forward(qkv) {
        // The wasm backend hands out a copy: it is ours to change.
        const all = { values: qkv.dataSync<'float32'>() as Float32Array, width: 3 * d };
        rotate(all, rotation, size, 1);
        const out = { values: new Float32Array(n * d), width: d };
        const weights = tf.tidy(() =>
          parts.map((part) => {
            const scores = tf.matMul(cut(tf, all, part, 0, scale), cutTurned(tf, all, part, k0));
            const p = tf.softmax(tf.add(scores, masks.get(part.length)!) as Tensor2D);
            put(out, part, 0, tf.matMul(p, cut(tf, all, part, v0)));
            return p;
          }),
        );
        return {
          out: tf.tensor2d(out.values, [n, d]),
          kept: weights,
          backward(dOut) {
            const given = { values: dOut.dataSync<'float32'>() as Float32Array, width: d };
            const grads = { values: new Float32Array(n * 3 * d), width: 3 * d };
            tf.tidy(() => {
              parts.forEach((part, at) => {
                const p = weights[at]!;
                const dp = tf.matMul(cut(tf, given, part, 0), cutTurned(tf, all, part, v0));
                // The sums of dp * p over a row are those of dOut * out, which is narrower.
                const ds = tf.mul(p, tf.sub(dp, dots(tf, given, out, part))) as Tensor2D;
                put(grads, part, 0, tf.matMul(ds, cut(tf, all, part, k0, scale)));
                // dk' = q' ds and dv' = d' p: turned round, neither ds nor p has to be transposed.
                putTurned(grads, part, k0, tf.matMul(cutTurned(tf, all, part, 0, scale), ds));
                putTurned(grads, part, v0, tf.matMul(cutTurned(tf, given, part, 0), p));
              });
            });
            rotate(grads, rotation, size, -1);
            return tf.tensor2d(grads.values, [n, 3 * d]);
          },
        };
      },
    };
  },
};

/** `[n, n]`: 0 where row i may attend to column j, else a large negative number. */
function causal(tf: Tf, n: number): Tensor2D {
  const mask = new Float32Array(n * n).fill(HIDDEN);
  for (let i = 0; i < n; i++) mask.fill(0, i * n, i * n + i + 1);
  return tf.tensor2d(mask, [n, n]);
}

/** Rotates the heads of q and k in place by their tokens' angles, or back by them (`sign` -1). */
function rotate({ values: x, width }: Matrix, { cos, sin }: Rotation, size: number, sign: number): void {
  const half = size / 2;
  for (let at = 0, table = 0; at < x.length; at += width, table += size) {
    for (let h = at; h < at + (2 * width) / 3; h += size) {
      for (let i = 0; i < half; i++) {
        const a = x[h + i]!;
        const b = x[h + i + half]!;
        const c = cos[table + i]!;
        const s = sign * sin[table + i]!;
        x[h + i] = a * c - b * s;
        x[h + i + half] = b * c + a * s;
      }
    }
  }
}

/** A head of a sequence as `[length, size]`, times `scale`; `block` is the first column of q, k or v. */
function cut(tf: Tf, { values, width }: Matrix, part: Part, block: number, scale = 1): Tensor2D {
  const { start, length, column, size } = part;
  const out = new Float32Array(length * size);
  for (let i = 0, to = 0; i < length; i++) {
    const from = (start + i) * width + block + column;
    for (let j = 0; j < size; j++) out[to++] = values[from + j]! * scale;
  }
  return tf.tensor2d(out, [length, size]);
}

/** The same as `[size, length]`. */
function cutTurned(tf: Tf, { values, width }: Matrix, part: Part, block: number, scale = 1): Tensor2D {
  const { start, length, column, size } = part;
  const out = new Float32Array(length * size);
  for (let i = 0; i < length; i++) {
    const from = (start + i) * width + block + column;
    for (let j = 0; j < size; j++) out[j * length + i] = values[from + j]! * scale;
  }
  return tf.tensor2d(out, [size, length]);
}

/** Puts `[length, size]` where `cut` takes it from. */
function put({ values, width }: Matrix, part: Part, block: number, tensor: Tensor2D): void {
  const { start, length, column, size } = part;
  const own = tensor.dataSync<'float32'>() as Float32Array;
  for (let i = 0, from = 0; i < length; i++) {
    const to = (start + i) * width + block + column;
    for (let j = 0; j < size; j++) values[to + j] = own[from++]!;
  }
}

/** Puts `[size, length]` where `cutTurned` takes it from. */
function putTurned({ values, width }: Matrix, part: Part, block: number, tensor: Tensor2D): void {
  const { start, length, column, size } = part;
  const own = tensor.dataSync<'float32'>() as Float32Array;
  for (let i = 0; i < length; i++) {
    const to = (start + i) * width + block + column;
    for (let j = 0; j < size; j++) values[to + j] = own[j * length + i]!;
  }
}

/** For each token of a head the product of its rows in two `[N, d]`: `[length, 1]`. */
function dots(tf: Tf, { values: x, width }: Matrix, { values: y }: Matrix, part: Part): Tensor2D {
  const { start, length, column, size } = part;
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const at = (start + i) * width + column;
    let sum = 0;
    for (let j = 0; j < size; j++) sum += x[at + j]! * y[at + j]!;
    out[i] = sum;
  }
  return tf.tensor2d(out, [length, 1]);
}
