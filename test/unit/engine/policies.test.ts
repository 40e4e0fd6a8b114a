import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Candidate, PolicyProblem, PolicyRegistry } from '../../../src/engine/index.js';
import { sha256 } from '../../../src/engine/policies/hash.js';

let folder: string;
let registry: PolicyRegistry;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-policies-'));
  registry = new PolicyRegistry(join(folder, 'policies'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function candidate(role: string, weights: string, more: Partial<Candidate> = {}): Candidate {
  const from = mkdtempSync(join(folder, 'trained-'));
  writeFileSync(join(from, 'model.safetensors'), weights);
  writeFileSync(join(from, 'optimizer.safetensors'), 'large');
  writeFileSync(join(from, 'made.json'), '{}');
  return {
    role,
    folder: from,
    engine: 'tfjs',
    base: { model: null, hash: 'b' },
    method: 'full',
    hash: weights,
    from: { run: 'r', checkpoint: 'step-1', policy: `${role}@v1`, data: 'd' },
    rank: 0.5,
    ...more,
  };
}

describe('a role', () => {
  it('is promoted, rolled back and promoted again, by itself', () => {
    registry.promote(candidate('writer', 'one'));
    registry.promote(candidate('writer', 'two'));
    registry.promote(candidate('reader', 'three'));
    expect(registry.acting(['writer', 'reader', 'other'])).toEqual({
      writer: 'writer@p2',
      reader: 'reader@p1',
    });
    expect(registry.rollback('writer')).toBe('p1');
    expect(registry.rollback('writer')).toBeNull();
    expect(registry.acting(['writer', 'reader'])).toEqual({ reader: 'reader@p1' });
    expect(() => registry.rollback('writer')).toThrow('nothing to go back to: it acts with its base');
    expect(registry.promote(candidate('writer', 'four'))).toMatchObject({ version: 'p3', parent: null });
  });

  it('that is pinned stays what it is', () => {
    registry.promote(candidate('writer', 'one'));
    registry.pin('writer', true);
    expect(() => registry.promote(candidate('writer', 'two'))).toThrow('pinned to p1; unpin it first');
    expect(() => registry.rollback('writer')).toThrow(PolicyProblem);
    registry.pin('writer', false);
    expect(registry.rollback('writer')).toBeNull();
  });
});

describe('weights', () => {
  it('are hashed piece by piece: Node reads no more than 2 GiB at once', () => {
    const path = join(folder, 'large');
    const bytes = Buffer.alloc(9_000_001, 'weights ');
    writeFileSync(path, bytes);
    expect(sha256(path)).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('that cannot be copied whole leave nothing', () => {
    const { folder: from, ...rest } = candidate('writer', 'one');
    mkdirSync(join(from, 'a folder'));
    expect(() => registry.promote({ ...rest, folder: from })).toThrow();
    expect(readdirSync(join(folder, 'policies', 'writer'))).toEqual([]);
  });

  it('are given to an engine as they were promoted, without the optimiser', () => {
    registry.promote(candidate('writer', 'one'));
    const state = join(folder, 'state');
    expect(registry.serve({ writer: 'writer@p1' }, state)).toMatchObject({ engine: 'tfjs', method: 'full' });
    const served = join(state, 'policies/writer/p1');
    expect(readdirSync(served).sort()).toEqual(['made.json', 'model.safetensors']);
    expect(readFileSync(join(served, 'model.safetensors'), 'utf8')).toBe('one');
    const belongs = () => JSON.parse(readFileSync(join(state, 'base.json'), 'utf8')) as object;
    expect(belongs()).toEqual({ base_hash: 'b', method: 'full' });
    // An engine that ran there has said what its base is called.
    writeFileSync(join(state, 'base.json'), '{"base_hash": "earlier"}');
    registry.serve({ writer: 'writer@p1' }, state);
    expect(belongs()).toEqual({ base_hash: 'earlier' });
  });

  it('that were changed since, or need another base, are refused', () => {
    registry.promote(candidate('writer', 'one'));
    registry.promote(candidate('reader', 'two', { engine: 'torch', method: 'lora' }));
    const both = { writer: 'writer@p1', reader: 'reader@p1' };
    expect(() => registry.serve(both, join(folder, 'state'))).toThrow('different bases or methods');
    writeFileSync(join(registry.place('writer', 'p1'), 'model.safetensors'), 'changed');
    expect(() => registry.serve({ writer: 'writer@p1' }, join(folder, 's'))).toThrow(
      'is not the file that was promoted',
    );
  });

  it('go only when no role can go back to them and no run refers to them', () => {
    for (const weights of ['one', 'two', 'three', 'four']) registry.promote(candidate('writer', weights));
    registry.rollback('writer');
    registry.rollback('writer');
    mkdirSync(join(folder, 'x'));
    expect(registry.collect(new Set(['writer@p3']), true)).toEqual(['writer@p4']);
    expect(registry.list()).toHaveLength(4);
    expect(registry.collect(new Set(['writer@p3']), false)).toEqual(['writer@p4']);
    expect(registry.list().map(({ version }) => version)).toEqual(['p1', 'p2', 'p3']);
    expect(registry.collect(new Set(), false)).toEqual(['writer@p3']);
  });
});
