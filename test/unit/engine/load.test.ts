import { describe, expect, it } from 'vitest';
import { loadBackend, nativeFolder, tryOut } from '../../../src/engine/backend/load.js';
import type { Tf } from '../../../src/engine/backend/tf.js';

describe('the trial of a backend', () => {
  it('passes wasm and refuses a backend whose product or gradient is wrong', async () => {
    const { tf, name, reasons } = await loadBackend('wasm');
    expect([name, ...reasons]).toEqual(['wasm', 'wasm: passed a product and a gradient']);
    const wrong = (part: object): Tf =>
      new Proxy(tf, { get: (t, key) => Reflect.get({ ...t, ...part }, key) });
    expect(() => tryOut(wrong({ matMul: tf.add }))).toThrow('a product gave 2,4,6,8');
    expect(() => tryOut(wrong({ square: (x: Parameters<Tf['abs']>[0]) => tf.abs(x) }))).toThrow(
      'a gradient gave',
    );
  });
});

it('looks for the native binding in the cache that the environment names', () => {
  expect(nativeFolder({ XDG_CACHE_HOME: '/c' })).toBe('/c/baton/native');
  expect(nativeFolder({ XDG_CACHE_HOME: '' })).toMatch(/\.cache\/baton\/native$/);
});
