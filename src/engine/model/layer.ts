// One transformer layer, forward and backward, on packed tokens `[N, d]`.
import type { Tensor2D } from '@tensorflow/tfjs';
import type { Tf } from '../backend/tf.js';
import type { Attention, AttentionPass } from './attention/kernel.js';
import type { DeviceLayer } from './device.js';
import { type NormSaved, normBackward, normForward } from './norm.js';

/** What all layers of one batch share. */
export interface LayerContext {
  readonly tf: Tf;
  readonly attention: Attention;
  readonly eps: number;
}

export interface LayerSaved {
  readonly norm1: NormSaved;
  /** `[N, d]` input of the projections */
  readonly x1: Tensor2D;
  /** its output is `[N, d]` */
  readonly attention: AttentionPass;
  readonly norm2: NormSaved;
  readonly x2: Tensor2D;
  readonly gate: Tensor2D;
  readonly sigmoid: Tensor2D;
  readonly up: Tensor2D;
}

/** Gradients of one layer; matrices are `[in, out]`. */
export interface LayerGradients {
  readonly attentionNorm: Tensor2D;
  /** `[d, 3 d]` */
  readonly qkv: Tensor2D;
  readonly o: Tensor2D;
  readonly mlpNorm: Tensor2D;
  readonly gate: Tensor2D;
  readonly up: Tensor2D;
  readonly down: Tensor2D;
}

/** `x + attention(norm(x))`, then `+ mlp(norm(..))`; `[N, d]` to `[N, d]`. */
export function layerForward(c: LayerContext, x: Tensor2D, w: DeviceLayer): [Tensor2D, LayerSaved] {
  const { tf } = c;
  const [x1, norm1] = normForward(tf, x, w.attentionNorm, c.eps);
  const attention = c.attention.forward(tf.matMul(x1, w.qkv.forward) as Tensor2D);
  const middle = tf.add(x, tf.matMul(attention.out, w.o.forward)) as Tensor2D;
  const [x2, norm2] = normForward(tf, middle, w.mlpNorm, c.eps);
  const gate = tf.matMul(x2, w.gate.forward) as Tensor2D;
  const up = tf.matMul(x2, w.up.forward) as Tensor2D;
  const sigmoid = tf.sigmoid(gate);
  const hidden = tf.mul(tf.mul(gate, sigmoid), up) as Tensor2D;
  const out = tf.add(middle, tf.matMul(hidden, w.down.forward)) as Tensor2D;
  return [out, { norm1, x1, attention, norm2, x2, gate, sigmoid, up }];
}

function mlpBackward(
  { tf }: LayerContext,
  dOut: Tensor2D,
  w: DeviceLayer,
  s: LayerSaved,
): [Tensor2D, Pick<LayerGradients, 'gate' | 'up' | 'down' | 'mlpNorm'>] {
  const silu = tf.mul(s.gate, s.sigmoid);
  const hidden = tf.mul(silu, s.up) as Tensor2D;
  const dHidden = tf.matMul(dOut, w.down.backward) as Tensor2D;
  const dUp = tf.mul(dHidden, silu) as Tensor2D;
  // silu'(g) = sigmoid(g) + silu(g) (1 - sigmoid(g))
  const slope = tf.add(s.sigmoid, tf.mul(silu, tf.sub(1, s.sigmoid)));
  const dGate = tf.mul(tf.mul(dHidden, s.up), slope) as Tensor2D;
  const x2t = tf.transpose(s.x2);
  const dx2 = tf.add(tf.matMul(dGate, w.gate.backward), tf.matMul(dUp, w.up.backward)) as Tensor2D;
  const [dx, mlpNorm] = normBackward(tf, dx2, w.mlpNorm, s.norm2);
  const grads = {
    mlpNorm,
    gate: tf.matMul(x2t, dGate) as Tensor2D,
    up: tf.matMul(x2t, dUp) as Tensor2D,
    down: tf.matMul(tf.transpose(hidden), dOut) as Tensor2D,
  };
  return [tf.add(dOut, dx), grads];
}

/** Gradient of the layer's input `[N, d]` and of its weights, from the gradient of its output. */
export function layerBackward(
  c: LayerContext,
  dOut: Tensor2D,
  w: DeviceLayer,
  s: LayerSaved,
): [Tensor2D, LayerGradients] {
  const { tf } = c;
  const [dMiddle, mlp] = mlpBackward(c, dOut, w, s);
  const o = tf.matMul(tf.transpose(s.attention.out), dMiddle) as Tensor2D;
  const dQkv = s.attention.backward(tf.matMul(dMiddle, w.o.backward) as Tensor2D);
  const qkv = tf.matMul(tf.transpose(s.x1), dQkv) as Tensor2D;
  const dx1 = tf.matMul(dQkv, w.qkv.backward) as Tensor2D;
  const [dx, attentionNorm] = normBackward(tf, dx1, w.attentionNorm, s.norm1);
  return [tf.add(dMiddle, dx), { attentionNorm, qkv, o, ...mlp }];
}
