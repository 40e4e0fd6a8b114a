import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEngine } from '../../../src/engine/index.js';
import { protocolCases } from './cases.js';

const base = 'media/base';
// Inside the checkout, so that the packages left out of this bundle are found.
const program = join('dist', `engine-test-${process.pid}.mjs`);
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-engine-'));
  await build({
    entryPoints: ['src/engine/main.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  });
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(program, { force: true });
});

protocolCases({
  start: (dir) => startEngine({ dir, base, program, deterministic: true }),
  backend: 'wasm',
  rounding: 0,
});

it('ends when its parent goes away', async () => {
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const order = {
    dir: join(folder, 'orphan'),
    base,
    backend: 'wasm',
    deterministic: false,
    token: 'a token of this test',
    port: 0,
  };
  child.stdin.write(`${JSON.stringify(order)}\n`);
  await once(createInterface({ input: child.stdout }), 'line');
  expect(existsSync(join(folder, 'orphan', 'policies'))).toBe(true);
  child.stdin.destroy();
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
});
