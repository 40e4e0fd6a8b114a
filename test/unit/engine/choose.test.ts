import { describe, expect, it } from 'vitest';
import { type BackendName, choose, type Trial } from '../../../src/engine/backend/choose.js';

const works: Trial = { is: 'works' };
const absent: Trial = { is: 'absent', why: 'not in /somewhere' };
const failed: Trial = { is: 'failed', why: 'a product gave 1,2,3,4' };
const trials = (...list: [BackendName, Trial][]) => new Map(list);

describe('choose', () => {
  it('prefers the GPU, then the native CPU binding, then wasm', () => {
    const all = trials(['wasm', works], ['native-cpu', works], ['native-gpu', works]);
    expect(choose('auto', all).name).toBe('native-gpu');
    expect(choose('auto', trials(['wasm', works], ['native-cpu', works])).name).toBe('native-cpu');
  });

  it('passes over what is absent or failed, and says why', () => {
    const choice = choose('auto', trials(['native-gpu', absent], ['native-cpu', failed], ['wasm', works]));
    expect(choice).toEqual({
      name: 'wasm',
      reasons: [
        'native-gpu: not installed: not in /somewhere',
        'native-cpu: not usable: a product gave 1,2,3,4',
        'wasm: passed a product and a gradient',
      ],
    });
  });

  it('does not fall back from a backend that was asked for by name', () => {
    expect(() => choose('native-cpu', trials(['native-cpu', failed], ['wasm', works]))).toThrow(
      'native-cpu: not usable',
    );
  });
});
