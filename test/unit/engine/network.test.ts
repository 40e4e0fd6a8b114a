import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../../src/engine/backend/load.js';
import type { Tf } from '../../../src/engine/backend/tf.js';
import { batched } from '../../../src/engine/model/attention/batched.js';
import { rowwise } from '../../../src/engine/model/attention/rowwise.js';
import { upload } from '../../../src/engine/model/device.js';
import { forward } from '../../../src/engine/model/network.js';
import { pack, type Sequence } from '../../../src/engine/model/packing.js';
import { parameterCount } from '../../../src/engine/model/shape.js';
import { initialWeights } from '../../../src/engine/model/weights.js';
import { referenceLogits, tiny } from './reference.js';

const sequences: Sequence[] = [
  { tokens: [1, 4, 5, 6, 7, 2], mask: [0, 0, 0, 1, 1, 1] },
  { tokens: [1, 9, 3, 2], mask: [0, 0, 1, 1] },
  { tokens: [1, 10, 8, 8, 3, 5, 2], mask: [0, 1, 0, 1, 0, 1, 1] },
];

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend('wasm'));
});

describe.each([
  ['batched', batched],
  ['rowwise', rowwise],
])('the network with %s attention', (_, kernel) => {
  it('gives the logits of a plain Float64 forward pass', () => {
    const weights = initialWeights(tiny, 3);
    const packed = pack(sequences, kernel.layout, 8);
    const device = upload(tf, weights);
    const pass = forward(tf, kernel, device, packed, false);
    const flat = Float64Array.from(weights.data);
    const expected = sequences.flatMap((s) => {
      const logits = referenceLogits(tiny, flat, s.tokens);
      return s.mask.flatMap((m, i) => (m === 1 ? logits[i - 1]! : []));
    });
    expect(pass.logits.length).toBe(expected.length);
    const worst = Math.max(...expected.map((v, i) => Math.abs(v - pass.logits[i]!)));
    expect(worst).toBeLessThan(2e-5);
    device.dispose();
  });

  it('gives the gradient that finite differences of the reference give, and leaks no tensor', () => {
    const weights = initialWeights(tiny, 5);
    const packed = pack(sequences, kernel.layout, 8);
    const device = upload(tf, weights);
    const held = tf.memory().numTensors;
    const pass = forward(tf, kernel, device, packed, true);
    // A fixed linear function of the logits, so that its gradient with respect to them is known.
    const coefficients = Float32Array.from(pass.logits, (_, i) => Math.sin(i + 1));
    const gradient = pass.backward(coefficients.slice());
    pass.dispose();
    expect(tf.memory().numTensors).toBe(held);
    device.dispose();

    const loss = (flat: Float64Array): number => {
      let at = 0;
      let sum = 0;
      for (const s of sequences) {
        const logits = referenceLogits(tiny, flat, s.tokens);
        s.mask.forEach((m, i) => {
          if (m === 1) for (const v of logits[i - 1]!) sum += v * coefficients[at++]!;
        });
      }
      return sum;
    };
    const flat = Float64Array.from(weights.data);
    const expected = new Float64Array(parameterCount(tiny));
    for (let i = 0; i < flat.length; i++) {
      const value = flat[i]!;
      flat[i] = value + 1e-5;
      const above = loss(flat);
      flat[i] = value - 1e-5;
      expected[i] = (above - loss(flat)) / 2e-5;
      flat[i] = value;
    }
    const size = Math.sqrt(expected.reduce((s, v) => s + v * v, 0));
    const apart = Math.sqrt(expected.reduce((s, v, i) => s + (v - gradient[i]!) ** 2, 0));
    expect(size).toBeGreaterThan(1);
    expect(apart / size).toBeLessThan(2e-5);
  });
});
