// One transformer layer, forward and backward, on packed tokens `[N, d]`.
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Tf } from '../backend/tf.js';
import type { AttentionKernel, AttentionSaved, AttentionShape } from './attention.js';
import type { DeviceLayer, Linear } from './device.js';
import { type NormSaved, normBackward, normForward } from './norm.js';

/** What all layers of one batch share. */
export interface LayerContext {
  readonly tf: Tf;
  readonly kernel: AttentionKernel;
  readonly shape: AttentionShape;
  readonly masks: readonly Tensor[];
  /** `[N, size]` */
  readonly cos: Tensor2D;
  readonly sin: Tensor2D;
  /** `[size, size]`, and its transpose */
  readonly turn: Tensor2D;
  readonly turnBack: Tensor2D;
  readonly eps: number;
}

export interface LayerSaved {
  readonly norm1: NormSaved;
  /** `[N, d]` input of the projections */
  readonly x1: Tensor2D;
  readonly attention: AttentionSaved;
  /** `[H * N, size]` */
  readonly mixed: Tensor2D;
  readonly norm2: NormSaved;
  readonly x2: Tensor2D;
  readonly gate: Tensor2D;
  readonly sigmoid: Tensor2D;
  readonly up: Tensor2D;
}

/** Gradients of one layer; matrices are `[in, out]`, per head where the map is per head. */
export interface LayerGradients {
  readonly attentionNorm: Tensor2D;
  readonly q: readonly Tensor2D[];
  readonly k: readonly Tensor2D[];
  readonly v: readonly Tensor2D[];
  readonly o: readonly Tensor2D[];
  readonly mlpNorm: Tensor2D;
  readonly gate: Tensor2D;
  readonly up: Tensor2D;
  readonly down: Tensor2D;
}

/** All heads of one projection, stacked by rows: `[H * N, size]`. */
function project({ tf }: LayerContext, x: Tensor2D, maps: readonly Linear[]): Tensor2D {
  return tf.concat(
    maps.map((m) => tf.matMul(x, m.forward) as Tensor2D),
    0,
  );
}

function heads(c: LayerContext, stacked: Tensor2D): Tensor2D[] {
  return c.kernel.apart(c.tf, stacked, c.shape.heads);
}

/** Rotates `[H * N, size]`; `back` applies the transpose of the rotation. */
function rotate(c: LayerContext, x: Tensor2D, back: boolean): Tensor2D {
  const { tf } = c;
  const n = c.shape.blocks * c.shape.length;
  const cube = [c.shape.heads, n, c.shape.size] as const;
  const by = (y: Tensor2D, table: Tensor2D): Tensor2D =>
    tf.reshape(tf.mul(tf.reshape(y, [...cube]), table), [c.shape.heads * n, c.shape.size]);
  const turned = back ? tf.matMul(by(x, c.sin), c.turnBack) : by(tf.matMul(x, c.turn) as Tensor2D, c.sin);
  return tf.add(by(x, c.cos), turned as Tensor2D);
}

function sum(tf: Tf, parts: readonly Tensor2D[]): Tensor2D {
  return parts.reduce((a, b) => tf.add(a, b));
}

/** `x + attention(norm(x))`, then `+ mlp(norm(..))`; `[N, d]` to `[N, d]`. Also returns the keys and values. */
export function layerForward(c: LayerContext, x: Tensor2D, w: DeviceLayer): [Tensor2D, LayerSaved] {
  const { tf, shape } = c;
  const [x1, norm1] = normForward(tf, x, w.attentionNorm, c.eps);
  const scale = 1 / Math.sqrt(shape.size);
  const q = tf.mul(rotate(c, project(c, x1, w.q), false), scale) as Tensor2D;
  const k = rotate(c, project(c, x1, w.k), false);
  const v = project(c, x1, w.v);
  const [mixed, attention] = c.kernel.forward(tf, [q, k, v], c.masks, shape);
  const outs = heads(c, mixed).map((o, h) => tf.matMul(o, w.o[h]!.forward) as Tensor2D);
  const middle = tf.add(x, sum(tf, outs)) as Tensor2D;
  const [x2, norm2] = normForward(tf, middle, w.mlpNorm, c.eps);
  const gate = tf.matMul(x2, w.gate.forward) as Tensor2D;
  const up = tf.matMul(x2, w.up.forward) as Tensor2D;
  const sigmoid = tf.sigmoid(gate);
  const hidden = tf.mul(tf.mul(gate, sigmoid), up) as Tensor2D;
  const out = tf.add(middle, tf.matMul(hidden, w.down.forward)) as Tensor2D;
  return [out, { norm1, x1, attention, mixed, norm2, x2, gate, sigmoid, up }];
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
  const { tf, shape } = c;
  const [dMiddle, mlp] = mlpBackward(c, dOut, w, s);
  const o = heads(c, s.mixed).map((m) => tf.matMul(tf.transpose(m), dMiddle) as Tensor2D);
  const dMixed = tf.concat(
    w.o.map((m) => tf.matMul(dMiddle, m.backward) as Tensor2D),
    0,
  );
  const [dq, dk, dv] = c.kernel.backward(tf, dMixed, s.attention, shape);
  const parts = [
    heads(c, rotate(c, tf.mul(dq, 1 / Math.sqrt(shape.size)) as Tensor2D, true)),
    heads(c, rotate(c, dk, true)),
    heads(c, dv),
  ];
  const x1t = tf.transpose(s.x1);
  const [q, k, v] = parts.map((p) => p.map((d) => tf.matMul(x1t, d) as Tensor2D));
  const maps = [w.q, w.k, w.v];
  const dx1 = sum(
    tf,
    parts.flatMap((p, i) => p.map((d, h) => tf.matMul(d, maps[i]![h]!.backward) as Tensor2D)),
  );
  const [dx, attentionNorm] = normBackward(tf, dx1, w.attentionNorm, s.norm1);
  return [tf.add(dMiddle, dx), { attentionNorm, q: q!, k: k!, v: v!, o, ...mlp }];
}
