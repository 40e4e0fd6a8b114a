// Makes the torch engine's Python environment in the user's cache and prints its interpreter: `node scripts/torch-env.mjs [--dev]`
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** Path of an interpreter with the engine's packages, and the tools that check it where `dev`. */
export async function torchPython(dev) {
  const outfile = 'dist/torch-environment.mjs';
  await build({
    entryPoints: ['src/target/local/environment.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
  const { ensureEnvironment } = await import(pathToFileURL(join(process.cwd(), outfile)).href);
  const home = process.env.XDG_CACHE_HOME || join(process.env.HOME ?? '/', '.cache');
  return ensureEnvironment({
    cache: join(home, 'baton'),
    source: 'src/engine/torch',
    dev,
    onProgress: (line) => console.error(line),
  });
}

if (process.argv[1]?.endsWith('torch-env.mjs')) {
  process.chdir(join(import.meta.dirname, '..'));
  console.log(await torchPython(process.argv.includes('--dev')));
}
