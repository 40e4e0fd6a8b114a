// Weights and gradients that two engines left on disk, laid out alike, and how far apart they are.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../../src/engine/model/files.js';
import { readSafetensors } from '../../../src/engine/model/safetensors.js';
import { parameters } from '../../../src/engine/model/shape.js';

const layout = parameters(readConfig('media/base'));
const size = layout.reduce((sum, p) => sum + p.size, 0);

/** All weights in one vector, from a safetensors file with one tensor a parameter. */
function flat(path: string, prefix = ''): Float32Array {
  const { tensors } = readSafetensors(readFileSync(path), path);
  const out = new Float32Array(size);
  for (const p of layout) out.set(tensors.get(prefix + p.name)!.data, p.offset);
  return out;
}

export const baseWeights = (): Float32Array => flat('media/base/model.safetensors');

export function weightsOf(state: string, role: string, version: string): Float32Array {
  return flat(join(state, 'policies', role, version, 'model.safetensors'));
}

/** The first update's gradient: Adam's mean after it is (1 - beta1) times the gradient. */
export function gradientOf(state: string, role: string, beta1: number): Float32Array {
  const path = join(state, 'policies', role, 'v1', 'optimizer.safetensors');
  if (!existsSync(path)) throw new Error(`${path} is gone`);
  const { tensors } = readSafetensors(readFileSync(path), path);
  const mean = tensors.get('mean')?.data ?? flat(path, 'mean.');
  return mean.map((value) => value / (1 - beta1));
}

export function minus(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value - b[i]!);
}

const length = (a: Float32Array): number => Math.sqrt(a.reduce((sum, value) => sum + value * value, 0));

/** L2 distance of `a` from `b`, relative to the length of `b`. */
export function relative(a: Float32Array, b: Float32Array): number {
  return length(minus(a, b)) / length(b);
}

export function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0) / (length(a) * length(b));
}
