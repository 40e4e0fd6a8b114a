import { createRequire } from 'node:module';
import type { Tf } from './tf.js';

const require = createRequire(import.meta.url);
export async function loadWasm(): Promise<Tf> {
  const tf = require('@tensorflow/tfjs') as Tf;
  require('@tensorflow/tfjs-backend-wasm');
  await tf.setBackend('wasm');
  await tf.ready();
  return tf;
}
export async function loadNative(at: string): Promise<Tf> {
  const r = createRequire(at);
  return r('@tensorflow/tfjs-node') as Tf;
}
