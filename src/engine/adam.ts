// AdamW on flat vectors. The state is part of a policy: it is saved with the weights it belongs to.

export interface AdamSettings {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  /** decoupled weight decay */
  readonly decay: number;
  /** largest L2 norm of the gradient; longer ones are scaled down to it */
  readonly grad_clip: number;
}

export interface AdamState {
  /** updates so far */
  step: number;
  readonly mean: Float32Array;
  readonly square: Float32Array;
}

export function freshAdam(size: number): AdamState {
  return { step: 0, mean: new Float32Array(size), square: new Float32Array(size) };
}

export function copyAdam(state: AdamState): AdamState {
  return { step: state.step, mean: state.mean.slice(), square: state.square.slice() };
}

/** L2 norm of a vector. */
export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}

/**
 * One AdamW step in place (Loshchilov and Hutter, arXiv 1711.05101; the order of PyTorch's AdamW:
 * decay first, then `lr * m / (sqrt(v) + eps)` with bias correction). Returns the gradient's norm before
 * clipping. Throws a RangeError where the gradient is not finite: nothing is changed then.
 */
export function adamStep(
  weights: Float32Array,
  gradient: ArrayLike<number>,
  state: AdamState,
  settings: AdamSettings,
): number {
  const length = norm(gradient);
  if (!Number.isFinite(length)) throw new RangeError('the gradient is not finite');
  const scale = length > settings.grad_clip ? settings.grad_clip / length : 1;
  const [b1, b2] = settings.betas;
  state.step += 1;
  const c1 = 1 - b1 ** state.step;
  const c2 = Math.sqrt(1 - b2 ** state.step);
  const keep = 1 - settings.lr * settings.decay;
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i]! * scale;
    const m = b1 * state.mean[i]! + (1 - b1) * g;
    const v = b2 * state.square[i]! + (1 - b2) * g * g;
    state.mean[i] = m;
    state.square[i] = v;
    weights[i] = weights[i]! * keep - ((settings.lr / c1) * m) / (Math.sqrt(v) / c2 + settings.eps);
  }
  return length;
}
