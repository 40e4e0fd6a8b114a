// The loader and the engine on the native CPU build of TensorFlow: the same loader takes the GPU build where there is
// one. `npm run test:native` builds it where it is missing.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Engine, startEngine } from '../../src/engine/index.js';
import { bundled } from '../bundled.js';
import { protocolCases } from '../integration/engine/cases.js';

const base = 'media/base';
let program: string;
let probe: string;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-native-'));
  program = await bundled('src/engine/main.ts');
  probe = await bundled('test/native/probe.ts');
});

afterAll(() => {
  for (const path of [folder, program, probe]) rmSync(path, { recursive: true, force: true });
});

const start = (backend: 'wasm' | 'native-cpu', dir: string): Promise<Engine> =>
  startEngine({ dir, base, program, backend, deterministic: true });

protocolCases({ start: (dir) => start('native-cpu', dir), backend: 'native-cpu', rounding: 1e-4 });

it('gives the log-probabilities that wasm gives', async () => {
  const engines = await Promise.all(
    (['wasm', 'native-cpu'] as const).map((backend) => start(backend, join(folder, backend))),
  );
  try {
    const reply = await engines[0]!.client.chat({
      model: 'analyst@v0',
      messages: [
        { role: 'user', content: 'analyst id="key" target="a" kind="regression" header=["key","a"]' },
      ],
      seed: 1,
      max_tokens: 100,
      return_token_ids: true,
    });
    const [prompt, action] = [reply.prompt_token_ids!, reply.choices[0].token_ids!];
    const tokens = [...prompt, ...action];
    const mask = tokens.map((_, at) => (at < prompt.length ? 0 : 1) as 0 | 1);
    const scored = await Promise.all(
      engines.map((engine) => engine.client.logprobs({ model: 'analyst@v0', sequences: [{ tokens, mask }] })),
    );
    const [wasm, native] = scored.map((each) => each.logprobs[0]!) as [number[], number[]];
    expect(wasm.length).toBe(action.length);
    // 32-bit sums in another order; measured elsewhere: 6e-5 on gradients.
    expect(Math.max(...wasm.map((value, at) => Math.abs(value - native[at]!)))).toBeLessThan(1e-3);
  } finally {
    await Promise.all(engines.map((engine) => engine.stop()));
  }
});

it.each([
  ['this Node', process.execPath],
  ["the editor's Node", process.env.BATON_NODE_24],
])('passes its trial on %s', async (_name, node) => {
  expect(node, 'npm run test:native sets BATON_NODE_24').toBeDefined();
  const { stdout } = await promisify(execFile)(node!, [probe]);
  expect(JSON.parse(stdout)).toMatchObject({ name: 'native-cpu' });
  if (node !== process.execPath) expect(JSON.parse(stdout).node).toMatch(/^v24\./);
});
