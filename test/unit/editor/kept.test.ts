// What the editor looks at each second or at each key stroke is read again only where it has changed.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';
import { PromotedBases } from '../../../src/editor/models/promoted.js';
import { Run } from '../../../src/editor/runs/run.js';
import { Scores } from '../../../src/editor/scores/book.js';
import type * as Engine from '../../../src/engine/index.js';
import { PolicyRegistry } from '../../../src/engine/index.js';
import type * as Trace from '../../../src/trace/index.js';
import { keepOverrule, listRuns } from '../../../src/trace/index.js';

const reads = vi.hoisted(() => ({ reviews: 0, bases: 0 }));
vi.mock('../../../src/trace/index.js', async (original) => {
  const trace = await original<typeof Trace>();
  const readReviews: typeof trace.readReviews = (folder) => {
    reads.reviews += 1;
    return trace.readReviews(folder);
  };
  return { ...trace, readReviews };
});
vi.mock('../../../src/engine/index.js', async (original) => {
  const engine = await original<typeof Engine>();
  const promotedBase: typeof engine.promotedBase = (home) => {
    reads.bases += 1;
    return engine.promotedBase(home);
  };
  return { ...engine, promotedBase };
});

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'baton-kept-'));
  Object.assign(reads, { reviews: 0, bases: 0 });
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

test('what people said of a run is read once, and again when they say more', async () => {
  const sample = join(import.meta.dirname, '../../../media/sample/runs');
  cpSync(sample, join(place, '.baton/runs'), { recursive: true });
  const run = Run.open(listRuns(place)[0]!, false);
  if (!(run instanceof Run)) throw new Error(run.unreadable);
  const scores = new Scores({} as Host);
  const [row] = run.pages.page(0, 1);
  const [first] = row!.scores;
  const mean = () => scores.of(run).roles.get(first!.agent)!.mean!;
  const before = mean();
  for (let at = 0; at < 5; at++) {
    expect(mean()).toBe(before);
    run.verdicts(row!.rollout, []);
  }
  expect(reads.reviews).toBe(1);

  const said = { rollout: row!.rollout, action: first!.action, reason: 'No.', author: 'ann' };
  await keepOverrule(run.folder, { ...said, score: 10 - first!.score! });
  expect(mean()).not.toBe(before);
  expect(run.reviews(row!.rollout)).toMatchObject([{ type: 'overrule', data: { author: 'ann' } }]);
  expect(reads.reviews).toBe(2);
  // Their second word goes into the same file.
  await keepOverrule(run.folder, { ...said, score: first!.score });
  expect(mean()).toBe(before);
  expect(run.reviews(row!.rollout)).toHaveLength(2);
});

test('the base of promoted policies is read once, and again after a promotion and a rollback', () => {
  const bases = new PromotedBases();
  const base = () => [bases.of(place), bases.of(place), bases.of(place)][2];
  expect(base()).toBeUndefined();
  expect(reads.bases).toBe(0);

  const folder = join(place, 'trained');
  const registry = new PolicyRegistry(join(place, '.baton/policies'));
  mkdirSync(folder);
  writeFileSync(join(folder, 'model.safetensors'), 'weights');
  registry.promote({
    ...{ role: 'writer', folder, engine: 'torch', base: { model: 'own/base', hash: 'b' }, method: 'lora' },
    ...{ hash: 'h', rank: null, from: { run: 'r', checkpoint: 'c', policy: 'writer@v1', data: 'd' } },
  });
  expect(base()).toBe('own/base');
  expect(reads.bases).toBe(1);
  registry.rollback('writer');
  expect(base()).toBeUndefined();
  expect(reads.bases).toBe(2);
});
