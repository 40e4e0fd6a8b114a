// RMSNorm over the last axis, forward and backward.
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { Tf } from '../backend/tf.js';

export interface NormSaved {
  /** `[N, d]` the input divided by its root mean square */
  readonly unit: Tensor2D;
  /** `[N, 1]` one over the root mean square */
  readonly inverse: Tensor2D;
}

/** `x / rms(x) * gain`, x `[N, d]`, gain `[d]`. */
export function normForward(tf: Tf, x: Tensor2D, gain: Tensor1D, eps: number): [Tensor2D, NormSaved] {
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), eps)) as Tensor2D;
  const unit = tf.mul(x, inverse) as Tensor2D;
  return [tf.mul(unit, gain), { unit, inverse }];
}

/** Gradients of the input `[N, d]` and of the gain `[1, d]` from the output's `[N, d]`. */
export function normBackward(
  tf: Tf,
  dy: Tensor2D,
  gain: Tensor1D,
  { unit, inverse }: NormSaved,
): [Tensor2D, Tensor2D] {
  // A column sum as a product with ones: reductions over the first axis are slow on wasm.
  const ones = tf.ones([1, dy.shape[0]]) as Tensor2D;
  const dGain = tf.matMul(ones, tf.mul(dy, unit) as Tensor2D) as Tensor2D;
  const scaled = tf.mul(dy, gain);
  const along = tf.mean(tf.mul(scaled, unit), 1, true);
  return [tf.mul(inverse, tf.sub(scaled, tf.mul(unit, along))), dGain];
}
