// Does a model fit? From the sizes of its files; a rough bound, and said to be one.
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** How many weights a model has; `rough` where that is at most so many, told by the bytes of its files. */
export interface Weights {
  count: number;
  rough: boolean;
}

/** Weights of a model folder or GGUF file of this machine; null where there are none in it that can be read. */
export function weightsOf(base: string): Weights | null {
  try {
    const found = statSync(base);
    if (base.endsWith('.gguf')) return weightsIn(base, found.size);
    const files = readdirSync(base).filter((name) => name.endsWith('.safetensors'));
    if (files.length === 0) return null;
    return { count: files.reduce((sum, name) => sum + shapesIn(join(base, name)), 0), rough: false };
  } catch {
    return null;
  }
}

/**
 * Weights that so many bytes of files hold at most: a GGUF file has about 4.5 to 8 bits a weight, and safetensors
 * mostly 16; the fewer give the larger, safer count. Null for none.
 */
export function weightsIn(base: string, bytes: number): Weights | null {
  return bytes > 0 ? { count: (bytes * 8) / (base.endsWith('.gguf') ? 4.5 : 16), rough: true } : null;
}

/** Weights in one safetensors file, from the shapes in its header. */
function shapesIn(path: string): number {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(8);
    readSync(file, head, 0, 8, 0);
    const length = Math.min(Number(head.readBigUInt64LE(0)), 100_000_000);
    const text = Buffer.alloc(length);
    readSync(file, text, 0, length, 8);
    const entries = Object.values(JSON.parse(text.toString()) as Record<string, { shape?: number[] }>);
    return entries.reduce((sum, { shape }) => sum + (shape ? shape.reduce((a, b) => a * b, 1) : 0), 0);
  } finally {
    closeSync(file);
  }
}

/** What is trained, and on what. */
export interface Training {
  method: 'lora' | 'full';
  /** trained roles */
  roles: number;
  gpu: boolean;
}

/** How many weights a role has of its own: all of them, or those of an adapter of rank 16. */
function trainedWeights(count: number, method: Training['method']): number {
  const { width, layers } = shapeOf(count);
  // Seven matrices a layer, of about 21 widths together on their two sides.
  return method === 'full' ? count : Math.min(count, 16 * 21 * width * layers);
}

/**
 * About what a training's weights take on the disk, in bytes: a version of each role a step, in float32, all of which
 * stay (rollouts of every step can be forked and served), and two moments with the last two.
 */
export function bytesToKeep(
  count: number,
  { method, roles, steps }: Omit<Training, 'gpu'> & { steps: number },
): number {
  return trainedWeights(count, method) * roles * (4 * Math.max(2, steps) + 2 * 8);
}

/** Tokens that the torch engine puts through the network at once where nothing is said. */
export const passTokens = (gpu: boolean): number => (gpu ? 16_384 : 2048);

/**
 * Width, layers and words of a transformer of so many weights: about 12 w² weights a layer, a layer for each 100 of
 * width, and at most 150,000 words.
 */
function shapeOf(count: number): { width: number; layers: number; words: number } {
  const width = Math.cbrt(count / 0.12);
  return { width, layers: Math.max(1, width / 100), words: Math.min(150_000, count / width) };
}

/**
 * About what training takes, in bytes, without vLLM.
 *
 * `model`: the base in its number type (2 bytes on a GPU, else 4), and for each trained role weights, a copy (the
 * gradient) and two moments in float32: of all weights with `full`, of an adapter of rank 16 with `lora`.
 *
 * `batch`: activations of the tokens of one pass. A layer keeps about 17 numbers a token and width (Korthikanti et al.,
 * arXiv 2205.05198, without the attention matrix). On a GPU they are computed again layer by layer, so that one
 * layer's are there at a time and one number a token and width of each; on a CPU all layers' are. Logits are counted for
 * a quarter of the tokens, with a copy in float32 and its gradient.
 */
export function bytesToTrain(
  count: number,
  { method, roles, gpu }: Training,
): { model: number; batch: number } {
  const { width, layers, words } = shapeOf(count);
  const number = gpu ? 2 : 4;
  const trained = trainedWeights(count, method);
  const tokens = passTokens(gpu);
  const kept = gpu ? layers + 17 : layers * 17;
  return {
    model: count * number + roles * trained * 16,
    batch: tokens * width * kept * number + (tokens / 4) * words * (number + 8),
  };
}
