// Attention of all rows and heads at once, for backends whose batched products are fast.
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import { halfTurn, ropeTables } from '../rope.js';
import type { AttentionKernel } from './kernel.js';

export const batched: AttentionKernel = {
  layout: 'rows',
  over(tf, packed, { heads, size, theta }) {
    if (packed.layout.kind !== 'rows') throw new RangeError('batched attention needs rows of one length');
    const { blocks, length } = packed.layout;
    const d = heads * size;
    const tables = ropeTables(packed.positions, size, theta);
    const cos = tf.tensor4d(tables.cos, [blocks, 1, length, size]);
    const sin = tf.tensor4d(tables.sin, [blocks, 1, length, size]);
    const turn = tf.tensor2d(halfTurn(size), [size, size]);
    const mask = tf.tensor4d(packed.layout.mask, [blocks, 1, length, length]);
    const scale = 1 / Math.sqrt(size);

    /** `[B * H * L, size]` times the half turn, or its transpose. */
    const turned = (x: Tensor4D, back: boolean): Tensor4D =>
      tf.reshape(tf.matMul(tf.reshape(x, [-1, size]), turn, false, back), x.shape);
    const rotate = (x: Tensor4D): Tensor4D => tf.add(tf.mul(x, cos), tf.mul(turned(x, false), sin));
    const rotateBack = (x: Tensor4D): Tensor4D => tf.add(tf.mul(x, cos), turned(tf.mul(x, sin), true));
    /** `[N, c d]` to c cubes `[B, H, L, size]`, and back. */
    const cubes = (x: Tensor2D, count: number): Tensor4D[] =>
      tf.unstack(
        tf.transpose(tf.reshape(x, [blocks, length, count, heads, size]), [2, 0, 3, 1, 4]),
      ) as Tensor4D[];
    const flat = (parts: Tensor4D[]): Tensor2D =>
      tf.reshape(tf.transpose(tf.stack(parts), [1, 3, 0, 2, 4]), [blocks * length, parts.length * d]);

    return {
      shared: [cos, sin, turn, mask],
      forward(qkv) {
        const [rawQ, rawK, v] = cubes(qkv, 3) as [Tensor4D, Tensor4D, Tensor4D];
        const q = tf.mul(rotate(rawQ), scale) as Tensor4D;
        const k = rotate(rawK);
        const p = tf.softmax(tf.add(tf.matMul(q, k, false, true), mask)) as Tensor4D;
        return {
          out: flat([tf.matMul(p, v) as Tensor4D]),
          kept: [q, k, v, p],
          backward(dOut) {
            const [d] = cubes(dOut, 1) as [Tensor4D];
            const dv = tf.matMul(p, d, true, false);
            const dp = tf.matMul(d, v, false, true);
            const ds = tf.mul(p, tf.sub(dp, tf.sum(tf.mul(dp, p), 3, true))) as Tensor4D;
            const dq = rotateBack(tf.mul(tf.matMul(ds, k), scale) as Tensor4D);
            const dk = rotateBack(tf.matMul(ds, q, true, false) as Tensor4D);
            return flat([dq, dk, dv as Tensor4D]);
          },
        };
      },
    };
  },
};
