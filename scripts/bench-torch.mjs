// `npm run bench:torch [-- TURNS]`: the torch engine beside a plain peft loop and a plain `generate`, on SmolLM2, and
// with vLLM where the interpreter has it. The environment and the model are made where they are not cached; vLLM's
// environment (`node scripts/vllm-env.mjs`) is taken where it was made.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { smolLm2 } from './smollm2.mjs';
import { torchPython } from './torch-env.mjs';
import { readyVllmPython } from './vllm-env.mjs';

process.chdir(join(import.meta.dirname, '..'));
const python = process.env.BATON_TORCH_PYTHON ?? readyVllmPython() ?? (await torchPython(false));
const { folder } = smolLm2(python);
const source = 'src/engine/torch';
const ran = spawnSync(python, ['-P', '-s', `${source}/tests/bench.py`, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, PYTHONPATH: source, PYTHONDONTWRITEBYTECODE: '1', BATON_SMOLLM2: folder },
});
process.exitCode = ran.status ?? 1;
