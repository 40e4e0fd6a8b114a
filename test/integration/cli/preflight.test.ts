// `baton target preflight` about this machine: a fake driver first on the PATH says what GPUs there are.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Finding } from '../../../src/target/index.js';
import { folderWith, runCli } from './command.js';

const driver = `#!/bin/sh
case "$*" in
  *query-gpu*) echo "NVIDIA A100, 40960, 39000, 550.54" ;;
  *) echo "| NVIDIA-SMI 550.54   Driver Version: 550.54   CUDA Version: 12.4 |" ;;
esac
`;
const folder = folderWith({ 'nvidia-smi': driver });
chmodSync(join(folder, 'nvidia-smi'), 0o755);
// An interpreter of the tests' own would have its own PyTorch.
delete process.env.BATON_TORCH_PYTHON;
const path = { PATH: `${folder}:${process.env.PATH}` };

async function ask(
  ...args: string[]
): Promise<{ code: number | null; ok: boolean; of: (what: string) => Finding }> {
  const { code, stdout, stderr } = await runCli(folder, ['target', 'preflight', ...args, '--json'], path);
  expect(stderr).toBe('');
  const said = JSON.parse(stdout) as { target: string; ok: boolean; findings: Finding[] };
  expect(said.target).toBe('local');
  return { code, ok: said.ok, of: (what) => said.findings.find((finding) => finding.what === what)! };
}

test('this machine is told of as a target is: room, GPUs, driver, CUDA, engine', async () => {
  const { ok, code, of } = await ask();
  expect({ ok, code }).toEqual({ ok: true, code: 0 });
  expect(of('GPU').why).toBe('NVIDIA A100, 38.1 GiB of 40.0 GiB free, driver 550.54, CUDA up to 12.4');
  expect(of('engine').why).toMatch(/^tfjs \(no base model is named/);
  expect(of('disk').why).toMatch(/where the cache lies, .* where runs lie, a job needs about 0\.1 GiB/);
  expect(of('memory').why).toContain('loop and engine take about 1.0 GiB');
});

test('a base makes it torch, which this driver is too old for; one that is nowhere is missing', async () => {
  const hub = await ask('--base', 'owner/name');
  expect(hub.of('engine').why).toContain("on the CPU: the GPU's driver is too old");
  expect(hub.of('GPU').todo.join(' ')).toContain('--engine-python');
  expect(hub.of('room').why).toContain('that it fits is not shown');
  const none = await ask('--base', './none', '--engine', 'tfjs');
  expect({ ok: none.ok, code: none.code }).toEqual({ ok: false, code: 3 });
  expect(none.of('base').why).toContain('there is no ./none on this machine');
  writeFileSync(join(folder, 'm.gguf'), 'x'.repeat(9_000_000));
  const found = await ask('--base', 'm.gguf', '--method', 'full');
  expect(found.of('room').why).toMatch(
    /^at most about 16 million weights need about .* with full for 1 role/,
  );
});
