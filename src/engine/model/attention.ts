// The attention core on packed rows: softmax(q k' + mask) v and its backward, in two forms that give the
// same numbers. `batched` suits native backends; on wasm only a plain 2-D product is fast, hence `rowwise`.
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { Tf } from '../backend/tf.js';
import { scoped } from './memory.js';

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
  forward(
    tf: Tf,
    qkv: [Tensor2D, Tensor2D, Tensor2D],
    mask: Tensor3D,
    s: AttentionShape,
  ): [Tensor2D, AttentionSaved];
  /** gradients of q, k and v, each `[H * B * L, size]` */
  backward(tf: Tf, dOut: Tensor2D, saved: AttentionSaved, s: AttentionShape): [Tensor2D, Tensor2D, Tensor2D];
}

export const batched: AttentionKernel = {
  forward(tf, [q, k, v], mask, { heads, blocks, length, size }) {
    const cube = (x: Tensor2D): Tensor3D => tf.reshape(x, [heads * blocks, length, size]);
    const scores = tf.reshape(tf.matMul(cube(q), cube(k), false, true), [heads, blocks, length, length]);
    const weights = tf.reshape(tf.softmax(tf.add(scores, mask)), [heads * blocks, length, length]);
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
  forward(tf, [q, k, v], mask, { heads, blocks, length, size }) {
    const weights: Tensor2D[] = [];
    const outs: Tensor2D[] = [];
    const masks = Array.from({ length: blocks }, (_, b) =>
      tf.reshape(tf.slice(mask, [b, 0, 0], [1, length, length]), [length, length]),
    );
    for (let at = 0; at < heads * blocks; at++) {
      const [p, out] = scoped(tf, () => {
        const part = (x: Tensor2D): Tensor2D => tf.slice(x, [at * length, 0], [length, size]);
        const scores = tf.matMul(part(q), tf.transpose(part(k)));
        const p = tf.softmax(tf.add(scores, masks[at % blocks]!) as Tensor2D);
        return [p, tf.matMul(p, part(v)) as Tensor2D] as const;
      });
      weights.push(p);
      outs.push(out);
    }
    const out = tf.concat(outs, 0);
    tf.dispose(outs);
    return [out, { q, k, v, weights }];
  },
  backward(tf, dOut, { q, k, v, weights }, { heads, blocks, length, size }) {
    const grads: [Tensor2D[], Tensor2D[], Tensor2D[]] = [[], [], []];
    for (let at = 0; at < heads * blocks; at++) {
      const found = scoped(tf, () => {
        const part = (x: Tensor2D): Tensor2D => tf.slice(x, [at * length, 0], [length, size]);
        const p = weights[at] as Tensor2D;
        const d = part(dOut);
        const dp = tf.matMul(d, tf.transpose(part(v)));
        const ds = tf.mul(p, tf.sub(dp, tf.sum(tf.mul(dp, p), 1, true))) as Tensor2D;
        const dk = tf.matMul(tf.transpose(ds), part(q)) as Tensor2D;
        const dv = tf.matMul(tf.transpose(p), d) as Tensor2D;
        return [tf.matMul(ds, part(k)) as Tensor2D, dk, dv];
      });
      found.forEach((g, i) => {
        grads[i]!.push(g);
      });
    }
    const joined = grads.map((g) => tf.concat(g, 0));
    tf.dispose(grads);
    return [joined[0]!, joined[1]!, joined[2]!];
  },
};
