// The attention core: softmax(q k' + mask) v with rotated q and k, and its backward. There are two forms that give the
// same numbers: `batched` suits native backends; on wasm only a plain 2-D product is fast, hence `rowwise`.
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Tf } from '../../backend/tf.js';
import type { Layout, Packed } from '../packing.js';

export interface HeadShape {
  readonly heads: number;
  /** width of one head */
  readonly size: number;
  /** base of the rotary angles */
  readonly theta: number;
}

export interface AttentionPass {
  /** `[N, d]` */
  readonly out: Tensor2D;
  /** what `backward` needs on the device; the caller frees it */
  readonly kept: readonly Tensor[];
  /** Gradient of `qkv`, `[N, 3 d]`, from that of `out`, `[N, d]`. */
  backward(dOut: Tensor2D): Tensor2D;
}

/** Attention over one packed batch: what all layers share is made once. */
export interface Attention {
  /** what all layers share on the device; the caller frees it */
  readonly shared: readonly Tensor[];
  /** q, k and v of all heads side by side, `[N, 3 d]`, as one product gives them */
  forward(qkv: Tensor2D): AttentionPass;
}

export interface AttentionKernel {
  /** how it wants sequences packed */
  readonly layout: Layout['kind'];
  over(tf: Tf, packed: Packed, shape: HeadShape): Attention;
}
