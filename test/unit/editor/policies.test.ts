// Promoted policies as chat models of the editor: which are offered, and what is served for each.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';
import type { RunControl } from '../../../src/editor/runs/control.js';
import type { RunStore } from '../../../src/editor/runs/store.js';
import { PolicyRegistry } from '../../../src/engine/index.js';

const { editor, startServing } = vi.hoisted(() => ({
  editor: {
    l10n: { t: (text: string, ...args: unknown[]) => text.replace(/\{(\d)\}/g, (_, at) => String(args[at])) },
    workspace: { isTrusted: true },
    LanguageModelTextPart: class {
      constructor(readonly value: string) {}
    },
  },
  startServing: vi.fn(),
}));
vi.mock('vscode', () => editor);
vi.mock('../../../src/editor/models/serving.js', () => ({ startServing }));
const { PolicyModels } = await import('../../../src/editor/models/policies.js');

let place: string;
let stopped: string[];
beforeEach(() => {
  stopped = [];
  place = mkdtempSync(join(tmpdir(), 'baton-offered-'));
  startServing.mockReset();
  // Each answers with the folder that its weights are of.
  startServing.mockImplementation(async (_node: string, args: string[], cwd: string) => ({
    ask: async () => cwd,
    stop: () => stopped.push(args.find((each) => each.includes('@'))!),
    ended: new Promise(() => undefined),
  }));
});
afterEach(() => vi.useRealTimers());
afterEach(() => rmSync(place, { recursive: true, force: true }));

/** A folder in which roles of a training run were promoted. */
function promoted(path: string, ...roles: string[]) {
  const home = join(place, path);
  const weights = join(home, 'weights');
  mkdirSync(weights, { recursive: true });
  writeFileSync(join(weights, 'model.safetensors'), path);
  const registry = new PolicyRegistry(join(home, '.baton/policies'));
  for (const role of roles)
    registry.promote({
      ...{ role, folder: weights, engine: 'tfjs', base: { model: null, hash: 'b' }, method: 'full' },
      ...{ hash: path, rank: 0.5 },
      from: { run: 'train-1', checkpoint: 'step-1', policy: `${role}@v1`, data: 'd' },
    });
  const again = (checkpoint: string) => {
    writeFileSync(join(weights, 'model.safetensors'), checkpoint);
    for (const role of roles)
      registry.promote({
        ...{ role, folder: weights, engine: 'tfjs', base: { model: null, hash: 'b' }, method: 'full' },
        ...{ hash: checkpoint, rank: 0.5 },
        from: { run: 'train-1', checkpoint, policy: `${role}@v2`, data: 'd' },
      });
  };
  return { home, registry, again };
}

/** No training is there any more: what was promoted stays. */
function modelsOf(...folders: { home: string }[]) {
  const host = { keep: () => undefined, context: { extensionPath: place } } as unknown as Host;
  const store = { homes: async () => folders.map(({ home }) => home) } as unknown as RunStore;
  const models = new PolicyModels(host, store, { node: () => 'node' } as unknown as RunControl);
  const offered = () => models.provideLanguageModelChatInformation();
  const token = { onCancellationRequested: () => undefined } as never;
  const ask = async (model: Awaited<ReturnType<typeof offered>>[number]) => {
    let said = '';
    const report = ({ value }: { value: unknown }) => {
      said += value;
    };
    await models.provideLanguageModelChatResponse(model, [], {}, { report } as never, token);
    return said;
  };
  return { offered, ask };
}

test('policies of one folder are offered as role and version, and served once', async () => {
  const north = promoted('north', 'analyst', 'modeler');
  const { offered, ask } = modelsOf(north);
  const found = await offered();
  expect(found.map(({ id, name, version }) => [id, name, version])).toEqual([
    ['analyst@p1', 'Baton analyst', 'p1'],
    ['modeler@p1', 'Baton modeler', 'p1'],
  ]);
  expect([await ask(found[0]!), await ask(found[0]!)]).toEqual([north.home, north.home]);
  expect(startServing).toHaveBeenCalledOnce();
  expect(startServing.mock.calls[0]!.slice(1)).toEqual([
    [expect.any(String), 'serve', 'analyst@p1', '--json'],
    north.home,
  ]);
});

test('the same role and version of two folders are two models, each with its folder', async () => {
  const [north, south] = [promoted('north', 'analyst'), promoted('south', 'analyst', 'modeler')];
  const { offered, ask } = modelsOf(north, south);
  const found = await offered();
  expect(found.map(({ name, version }) => [name, version])).toEqual([
    ['Baton analyst (north)', 'p1'],
    ['Baton analyst (south)', 'p1'],
    ['Baton modeler (south)', 'p1'],
  ]);
  expect(new Set(found.map(({ id }) => id)).size).toBe(3);
  expect(found[2]!.id).toBe('modeler@p1');
  expect(found[1]!.tooltip).toContain(south.home);
  expect(await Promise.all(found.map(ask))).toEqual([north.home, south.home, south.home]);
});

test('folders of the same name are named by what lies above them', async () => {
  const { offered } = modelsOf(promoted('a/team', 'analyst'), promoted('b/team', 'analyst'));
  expect((await offered()).map(({ name }) => name)).toEqual([
    'Baton analyst (a/team)',
    'Baton analyst (b/team)',
  ]);
});

test('an id that comes to mean another folder’s policy is not answered by the one before', async () => {
  const [north, south] = [promoted('north', 'analyst'), promoted('south')];
  const { offered, ask } = modelsOf(north, south);
  expect(await ask((await offered())[0]!)).toBe(north.home);
  north.registry.rollback('analyst');
  promoted('south', 'analyst');
  const [now] = await offered();
  expect(now!.id).toBe('analyst@p1');
  expect(basename(await ask(now!))).toBe('south');
});

test('a version that another was promoted after is served no more, once it has answered', async () => {
  const north = promoted('north', 'analyst');
  const { offered, ask } = modelsOf(north);
  const [before] = await offered();
  await ask(before!);
  let answer = (_: string) => {};
  startServing.mockImplementation(async () => ({
    ask: () =>
      new Promise<string>((resolve) => {
        answer = resolve;
      }),
    stop: () => stopped.push('analyst@p2'),
    ended: new Promise(() => undefined),
  }));
  north.again('step-2');
  const [second] = await offered();
  expect(second!.id).toBe('analyst@p2');
  await expect.poll(() => stopped).toEqual(['analyst@p1']);
  await expect(ask(before!)).rejects.toThrow('analyst@p1 is not promoted any more.');

  const asked = ask(second!);
  await vi.waitUntil(() => startServing.mock.calls.length === 2);
  north.again('step-3');
  await offered();
  expect(stopped).toEqual(['analyst@p1']);
  answer('late');
  expect(await asked).toBe('late');
  await expect.poll(() => stopped).toEqual(['analyst@p1', 'analyst@p2']);
});

test('a policy that nobody asks for a while is let go, and started again when it is asked', async () => {
  vi.useFakeTimers();
  const { offered, ask } = modelsOf(promoted('north', 'analyst'));
  const [model] = await offered();
  await ask(model!);
  await vi.advanceTimersByTimeAsync(9 * 60_000);
  await ask(model!);
  await vi.advanceTimersByTimeAsync(9 * 60_000);
  expect(stopped).toEqual([]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(stopped).toEqual(['analyst@p1']);
  await ask(model!);
  expect(startServing).toHaveBeenCalledTimes(2);
});
