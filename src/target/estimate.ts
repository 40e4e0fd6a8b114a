// Does a model fit? From the sizes of its files; a rough bound, and said to be one.
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Number of weights of a model folder or file, or null where that cannot be known from here (a hub id). */
export function weightsOf(base: string): { count: number; rough: boolean } | null {
  if (!existsSync(base)) return null;
  // A GGUF file holds about 4.5 to 8 bits a weight: the smaller gives the larger, safer count.
  if (base.endsWith('.gguf')) return { count: (statSync(base).size * 8) / 4.5, rough: true };
  const files = readdirSync(base).filter((name) => name.endsWith('.safetensors'));
  if (files.length === 0) return null;
  return {
    count: files.reduce((sum, name) => sum + weightsIn(join(base, name)), 0),
    rough: false,
  };
}

/** Weights in one safetensors file, from the shapes in its header. */
function weightsIn(path: string): number {
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

/**
 * Bytes that training needs at least: the base in its number type, for full weights a copy and two moments a role in
 * float32, for adapters next to nothing, and a tenth for activations and caches.
 */
export function bytesToTrain(count: number, method: 'lora' | 'full', gpu: boolean): number {
  const base = count * (gpu ? 2 : 4);
  const training = method === 'full' ? count * 16 : count * 0.2;
  return (base + training) * 1.1;
}
