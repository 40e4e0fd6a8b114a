// `npm run test:box`: the torch engine and the targets, with real processes. Makes the Python environment and fetches
// SmolLM2 where they are not cached. Arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensurePackages, ensureSshd } from './ensure.mjs';

process.chdir(join(import.meta.dirname, '..'));
ensurePackages();
ensureSshd();
const { torchPython } = await import('./torch-env.mjs');
const { smolLm2 } = await import('./smollm2.mjs');
const python = await torchPython(true);
const { gguf, folder } = smolLm2(python);
await import('./build.mjs');

const env = {
  ...process.env,
  BATON_TORCH_PYTHON: python,
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
const torch = 'src/engine/torch';
if (only.length === 0) {
  step('torch engine: ruff', python, ['-m', 'ruff', 'check', '--no-cache', '.'], torch);
  step('torch engine: format', python, ['-m', 'ruff', 'format', '--no-cache', '--check', '.'], torch);
  step('torch engine: mypy', python, ['-m', 'mypy', '--cache-dir=/dev/null'], torch);
  step('torch engine: pytest', python, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider'], torch);
}
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'box', ...only];
step('engine and targets', process.execPath, vitest);
process.exitCode = failed > 0 ? 1 : 0;
