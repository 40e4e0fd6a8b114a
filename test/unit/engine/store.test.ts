import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshAdam } from '../../../src/engine/adam.js';
import { copyWeights, initialWeights, weightsHash } from '../../../src/engine/model/weights.js';
import { PolicyStore } from '../../../src/engine/server/store.js';
import { tiny } from './reference.js';

const base = initialWeights(tiny, 1);
let folder: string;
let store: PolicyStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-store-'));
  store = new PolicyStore(folder, base);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(version: string, parent: string, by: number): string {
  const weights = copyWeights(base);
  weights.data[0]! += by;
  const hash = weightsHash(weights);
  const adam = freshAdam(weights.data.length);
  adam.step = by;
  adam.mean[3] = by;
  store.write(`writer@${version}`, weights, adam, `writer@${parent}`, {
    id: `u${by}`,
    applied: true,
    policy: `writer@${version}`,
    hash,
    loss: 0,
    approximate_kl: 0,
    clip_fraction: 0,
    gradient_norm: 1,
    tokens: 1,
  });
  return hash;
}

const code = (name: string) => expect.objectContaining({ code: name });

describe('the policy store', () => {
  it('gives weights and optimiser state back, bit for bit, also to a later process', () => {
    const hash = write('v1', 'v0', 1);
    const later = new PolicyStore(folder, base);
    expect(later.hash('writer@v1')).toBe(hash);
    expect(weightsHash(later.read('writer@v1'))).toBe(hash);
    expect(later.readAdam('writer@v1')).toMatchObject({ step: 1 });
    expect(later.readAdam('writer@v1')!.mean[3]).toBe(1);
    expect(later.readAdam('writer@v0')).toBeNull();
  });

  it('forgets a version whose writer was killed halfway', () => {
    const half = join(folder, 'policies', 'writer', '.v1');
    mkdirSync(half, { recursive: true });
    writeFileSync(join(half, 'model.safetensors'), 'torn');
    // Another process may be writing there just now, so that only the next writer of that version clears it.
    expect(new PolicyStore(folder, base).list()).toEqual([]);
    expect(existsSync(half)).toBe(true);
    const hash = write('v1', 'v0', 1);
    expect(weightsHash(new PolicyStore(folder, base).read('writer@v1'))).toBe(hash);
    expect(existsSync(half)).toBe(false);
  });

  it('refuses weights that were changed on disk', () => {
    write('v1', 'v0', 1);
    const path = join(folder, 'policies', 'writer', 'v1', 'model.safetensors');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    expect(() => new PolicyStore(folder, base).read('writer@v1')).toThrow(code('checkpoint.damaged'));
  });

  it('refuses a folder whose policies are over another base', () => {
    const said = (base_hash: string) =>
      writeFileSync(join(folder, 'base.json'), JSON.stringify({ base_hash, method: 'full' }));
    said(store.baseHash);
    expect(new PolicyStore(folder, base).list()).toEqual([]);
    said('another');
    expect(() => new PolicyStore(folder, base)).toThrow(code('base.other'));
  });

  it('keeps the optimiser states of the last two versions and of checkpoints', () => {
    write('v1', 'v0', 1);
    store.saveCheckpoint('kept', { writer: 'v1' });
    write('v2', 'v1', 2);
    write('v3', 'v2', 3);
    write('v4', 'v3', 4);
    expect(store.readAdam('writer@v1')!.step).toBe(1);
    expect(() => store.readAdam('writer@v2')).toThrow(code('optimizer.missing'));
    expect(store.readAdam('writer@v3')!.step).toBe(3);
  });

  it('does not delete what a checkpoint holds, nor the base', () => {
    write('v1', 'v0', 1);
    store.saveCheckpoint('kept', { writer: 'v1', other: 'v0' });
    expect(() => store.deletePolicy('writer@v1')).toThrow(code('policy.held'));
    expect(() => store.deletePolicy('writer@v0')).toThrow(code('policy.held'));
    store.deleteCheckpoint('kept');
    store.deletePolicy('writer@v1');
    expect(() => store.read('writer@v1')).toThrow(code('policy.unknown'));
  });
});
