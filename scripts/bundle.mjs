// Bundles a TypeScript program of this repository into dist/ and runs it with the given arguments.
import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';

export async function runBundled(entry, name, args) {
  const outfile = `dist/${name}.mjs`;
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
  });
  const ran = spawnSync(process.execPath, [outfile, ...args], { stdio: 'inherit' });
  process.exitCode = ran.status ?? 1;
}
