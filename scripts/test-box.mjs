// `npm run test:box`: the torch engine and the targets, with real processes. Makes the Python environments and fetches
// SmolLM2 where they are not cached. `--prepare` does only that; `--part engine` only the engine's own tests in Python,
// `--part targets` only the others; `--reports FOLDER` keeps reports that can be counted; other arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { ensurePackages, ensureSshd, ensureTcsh } from './ensure.mjs';

process.chdir(join(import.meta.dirname, '..'));
ensurePackages();
ensureSshd();
ensureTcsh();
const { torchPython } = await import('./torch-env.mjs');
const { rayPrograms } = await import('./ray-env.mjs');
const { smolLm2 } = await import('./smollm2.mjs');
const python = await torchPython(true);
const { gguf, folder } = smolLm2(python);
const { vllmPython } = await import('./vllm-env.mjs');
const vllm = await vllmPython();
const ray = rayPrograms();
if (process.argv.includes('--prepare')) process.exit(0);
await import('./build.mjs');

const env = {
  ...process.env,
  BATON_TORCH_PYTHON: python,
  BATON_VLLM_PYTHON: vllm,
  BATON_RAY: ray,
  BATON_SMOLLM2: folder,
  BATON_SMOLLM2_GGUF: gguf,
};
let failed = 0;
function step(name, command, args, cwd = '.') {
  console.log(`== ${name}`);
  const done = spawnSync(command, args, { stdio: 'inherit', env, cwd });
  if (done.status !== 0) {
    failed += 1;
    console.error(`== ${name} FAILED`);
  }
}
const only = process.argv.slice(2);
function taken(option) {
  const at = only.indexOf(option);
  return at < 0 ? null : only.splice(at, 2)[1];
}
const reports = taken('--reports');
const part = taken('--part');
const torch = 'src/engine/torch';
if (only.length === 0 && part !== 'targets') {
  for (const [what, place] of [
    ['torch engine', torch],
    ['ray driver', 'src/target/ray/driver'],
  ]) {
    step(`${what}: ruff`, python, ['-m', 'ruff', 'check', '--no-cache', '.'], place);
    step(`${what}: format`, python, ['-m', 'ruff', 'format', '--no-cache', '--check', '.'], place);
    step(`${what}: mypy`, python, ['-m', 'mypy', '--cache-dir=/dev/null'], place);
  }
  const junit = reports === null ? [] : [`--junitxml=${resolve(reports, 'engine.xml')}`];
  const pytest = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider'];
  step('torch engine: pytest', python, [...pytest, ...junit, '--ignore=tests/with_vllm'], torch);
  const apart = reports === null ? [] : [`--junitxml=${resolve(reports, 'vllm.xml')}`];
  step('torch engine: pytest with vLLM', vllm, [...pytest, ...apart, 'tests/with_vllm'], torch);
}
if (part === 'engine') process.exit(failed > 0 ? 1 : 0);
const json =
  reports === null
    ? []
    : ['--reporter=default', '--reporter=json', `--outputFile.json=${join(reports, 'box.json')}`];
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'box', ...json, ...only];
step('engine and targets', process.execPath, vitest);
process.exitCode = failed > 0 ? 1 : 0;
