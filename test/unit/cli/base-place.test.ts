import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findBase, keptBase, seekBase } from '../../../src/cli/base-place.js';
import { choiceIn, choiceOf } from '../../../src/cli/engine.js';
import { exportModel } from '../../../src/cli/export-model.js';
import { Terminal } from '../../../src/cli/terminal.js';
import { PolicyRegistry } from '../../../src/engine/index.js';

let above: string;
let home: string;

function model(path: string): string {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'config.json'), '{}');
  return path;
}

beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), 'baton-place-'));
  home = join(above, 'team');
  model(join(home, 'models/small'));
});
afterEach(() => rmSync(above, { recursive: true, force: true }));

it('a base in the folder of its workflow is found again wherever that is moved to', () => {
  const kept = keptBase(join(home, 'models/small'), home);
  expect(kept).toBe('./models/small');
  const moved = join(above, 'moved');
  renameSync(home, moved);
  expect(findBase(kept, moved, 'r')).toBe(join(moved, 'models/small'));
});

it('other bases are kept as they are: elsewhere on this machine, of the hub, and the one that ships', () => {
  const other = model(join(above, '..small'));
  expect(keptBase(other, home)).toBe(other);
  expect(keptBase('owner/name', home)).toBe('owner/name');
  expect(keptBase(undefined, home)).toBeUndefined();
  for (const kept of [other, 'owner/name', 'gpt2', undefined]) expect(findBase(kept, home, 'r')).toBe(kept);
});

it('a path that an earlier version kept is found by its end', () => {
  const there = '/home/me/.baton-box/jobs/J/work/models/small';
  expect(findBase(there, home, 'r')).toBe(join(home, 'models/small'));
  expect(() => findBase('/somewhere/large', home, 'writer@p1')).toThrow(
    `The base that writer@p1 was trained over is not at /somewhere/large, nor by the end of that path in ${home}. Put it back there, or say where it lies: --base MODEL.`,
  );
  expect(() => findBase('./large', home, 'r')).toThrow(`is not at ${join(home, 'large')}. Put it back`);
  // An engine on another machine may find it there.
  expect(seekBase('/somewhere/large', home)).toBe('/somewhere/large');
});

function promoted(base: string): PolicyRegistry {
  const weights = join(above, 'weights');
  mkdirSync(weights);
  writeFileSync(join(weights, 'adapter_config.json'), '{"r":16,"base_model_name_or_path":"/there/work/x"}');
  writeFileSync(join(weights, 'adapter_model.safetensors'), 'w');
  const registry = new PolicyRegistry(join(home, '.baton/policies'));
  registry.promote({
    role: 'writer',
    folder: weights,
    engine: 'torch',
    base: { model: base, hash: 'b' },
    method: 'lora',
    hash: 'h',
    from: { run: 'r', checkpoint: 'step-1', policy: 'writer@v1', data: 'd' },
    rank: null,
  });
  return registry;
}

it('an exported adapter names its base where it lies now', async () => {
  const registry = promoted('./models/small');
  const named = async (to: string, base?: string) => {
    await exportModel(new Terminal(true), registry, 'writer', join(above, to), base ? { base } : {});
    return JSON.parse(readFileSync(join(above, to, 'adapter_config.json'), 'utf8')) as object;
  };
  expect(await named('one')).toEqual({ r: 16, base_model_name_or_path: join(home, 'models/small') });
  expect(await named('two', 'owner/name')).toMatchObject({ base_model_name_or_path: 'owner/name' });
  rmSync(join(home, 'models'), { recursive: true });
  await expect(named('three')).rejects.toThrow('writer@p1 was trained over is not at');
});

it('whether two folders, or a folder and a model of the hub, are the same base is for the engine to say', () => {
  const workflow = (base?: string) =>
    ({ folder: home, models: { s: { provider: 'embedded', base } } }) as never;
  const record = promoted('./models/small').read('writer', 'p1');
  expect(choiceOf(record, home)).toEqual({
    engine: 'torch',
    method: 'lora',
    base: join(home, 'models/small'),
  });
  for (const own of [join(home, 'elsewhere'), 'owner/name'])
    expect(choiceIn(workflow(own), record).base).toBe(own);
  const other = { ...record, base: { model: 'owner/other', hash: 'b' } };
  expect(() => choiceIn(workflow('owner/name'), other)).toThrow(
    'writer@p1 was trained over owner/other, and the workflow starts from owner/name',
  );
  expect(choiceIn(workflow('owner/name'), other, 'owner/third').base).toBe('owner/third');
  expect(choiceIn(workflow(), other).base).toBe('owner/other');
});
