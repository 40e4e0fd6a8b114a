import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent, get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEngine } from '../../../src/engine/index.js';
import { bundled } from '../../bundled.js';
import { protocolCases } from './cases.js';

const base = 'media/base';
let program: string;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-engine-'));
  program = await bundled('src/engine/main.ts');
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(program, { force: true });
});

protocolCases({
  start: (dir) => startEngine({ dir, base, program, backend: 'wasm', deterministic: true }),
  backend: 'wasm',
  rounding: 0,
});

it('keeps a connection that nobody used for longer than servers of Node do', async () => {
  const engine = await startEngine({ dir: join(folder, 'idle'), base, program, backend: 'wasm' });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const health = async () => {
    const asking = get(`${engine.url}/health`, {
      agent,
      headers: { authorization: `Bearer ${engine.token}` },
    });
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    return [response.statusCode, asking.reusedSocket];
  };
  try {
    expect(await health()).toEqual([200, false]);
    await new Promise((resolve) => setTimeout(resolve, 7000));
    expect(await health()).toEqual([200, true]);
  } finally {
    agent.destroy();
    await engine.stop();
  }
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
