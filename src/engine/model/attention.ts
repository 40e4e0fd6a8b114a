// The attention core on packed rows: softmax(q k' + mask) v and its backward, in two forms that give the
// same numbers. `batched` suits native backends; on wasm only a plain 2-D product is fast, hence `rowwise`.
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { Tf } from '../backend/tf.js';

/** q, k, v are `[H * B * L, size]`, head-major; q is already scaled. The mask is `[B, L, L]`. */
export interface AttentionShape {
  readonly heads: number;
  readonly blocks: number;
  readonly length: number;
  readonly size: number;
}

export interface AttentionSaved {
  readonly q: Tensor2D;
  readonly k: Tensor2D;
  readonly v: Tensor2D;
  /** batched: one `[H * B, L, L]`; rowwise: H * B matrices `[L, L]` */
  readonly weights: readonly Tensor[];
}

export interface AttentionKernel {
  /** The additive mask `[B, L, L]` in the form that `forward` wants. */
  masks(tf: Tf, mask: Float32Array, s: AttentionShape): Tensor[];
  /** Cuts `[P * n, c]` into P parts `[n, c]`. */
  apart(tf: Tf, x: Tensor2D, parts: number): Tensor2D[];
  forward(
    tf: Tf,
    qkv: [Tensor2D, Tensor2D, Tensor2D],
    masks: readonly Tensor[],
    s: AttentionShape,
  ): [Tensor2D, AttentionSaved];
  /** gradients of q, k and v, each `[H * B * L, size]` */
  backward(tf: Tf, dOut: Tensor2D, saved: AttentionSaved, s: AttentionShape): [Tensor2D, Tensor2D, Tensor2D];
}

export const batched: AttentionKernel = {
  masks: (tf, mask, { blocks, length }) => [tf.tensor3d(mask, [blocks, length, length])],
  apart: (tf, x, parts) => tf.split(x, parts, 0),
  forward(tf, [q, k, v], masks, { heads, blocks, length, size }) {
    const cube = (x: Tensor2D): Tensor3D => tf.reshape(x, [heads * blocks, length, size]);
    const scores = tf.reshape(tf.matMul(cube(q), cube(k), false, true), [heads, blocks, length, length]);
    const weights = tf.reshape(tf.softmax(tf.add(scores, masks[0]!)), [heads * blocks, length, length]);
    const out = tf.reshape(tf.matMul(weights, cube(v)), [heads * blocks * length, size]);
    return [out as Tensor2D, { q, k, v, weights: [weights] }];
  },
  backward(tf, dOut, { q, k, v, weights }, { heads, blocks, length, size }) {
    const cube = (x: Tensor2D): Tensor3D => tf.reshape(x, [heads * blocks, length, size]);
    const flat = (x: Tensor): Tensor2D => tf.reshape(x, [heads * blocks * length, size]);
    const p = weights[0] as Tensor3D;
    const dv = tf.matMul(p, cube(dOut), true, false);
    const dp = tf.matMul(cube(dOut), cube(v), false, true);
    const ds = tf.mul(p, tf.sub(dp, tf.sum(tf.mul(dp, p), 2, true)));
    return [flat(tf.matMul(ds, cube(k))), flat(tf.matMul(ds, cube(q), true, false)), flat(dv)];
  },
};

export const rowwise: AttentionKernel = {
  masks: (tf, mask, { blocks, length }) =>
    Array.from({ length: blocks }, (_, b) =>
      tf.tensor2d(mask.subarray(b * length * length, (b + 1) * length * length), [length, length]),
    ),
  // The wasm backend's own slices copy their whole source each time: read it once instead.
  apart(tf, x, parts) {
    const [rows, columns] = [x.shape[0] / parts, x.shape[1]];
    const values = x.dataSync<'float32'>() as Float32Array;
    return Array.from({ length: parts }, (_, i) =>
      tf.tensor2d(values.subarray(i * rows * columns, (i + 1) * rows * columns), [rows, columns]),
    );
  },
  forward(tf, [q, k, v], masks, { heads, blocks }) {
    const parts = heads * blocks;
    const weights: Tensor2D[] = [];
    const [qs, ks, vs] = [
      rowwise.apart(tf, q, parts),
      rowwise.apart(tf, k, parts),
      rowwise.apart(tf, v, parts),
    ];
    const outs = qs.map((part, at) => {
      const scores = tf.matMul(part, tf.transpose(ks[at]!));
      const p = tf.softmax(tf.add(scores, masks[at % blocks]!) as Tensor2D);
      weights.push(p);
      return tf.matMul(p, vs[at]!) as Tensor2D;
    });
    return [tf.concat(outs, 0), { q, k, v, weights }];
  },
  backward(tf, dOut, { q, k, v, weights }, { heads, blocks }) {
    const parts = heads * blocks;
    const [qs, ks] = [rowwise.apart(tf, q, parts), rowwise.apart(tf, k, parts)];
    const [vs, ds] = [rowwise.apart(tf, v, parts), rowwise.apart(tf, dOut, parts)];
    const grads: [Tensor2D[], Tensor2D[], Tensor2D[]] = [[], [], []];
    for (let at = 0; at < parts; at++) {
      const p = weights[at] as Tensor2D;
      const d = ds[at]!;
      const dp = tf.matMul(d, tf.transpose(vs[at]!));
      const dScores = tf.mul(p, tf.sub(dp, tf.sum(tf.mul(dp, p), 1, true))) as Tensor2D;
      grads[0].push(tf.matMul(dScores, ks[at]!) as Tensor2D);
      grads[1].push(tf.matMul(tf.transpose(dScores), qs[at]!) as Tensor2D);
      grads[2].push(tf.matMul(tf.transpose(p), d) as Tensor2D);
    }
    return [tf.concat(grads[0], 0), tf.concat(grads[1], 0), tf.concat(grads[2], 0)];
  },
};
