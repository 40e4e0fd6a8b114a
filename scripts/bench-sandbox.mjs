// Bundles and runs the sandbox benchmark; arguments are passed on (the number of rounds).
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { build } from 'esbuild';

mkdirSync('dist', { recursive: true });
await build({
  entryPoints: ['test/bench/sandbox.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  outfile: 'dist/bench-sandbox.mjs',
  logLevel: 'error',
});
process.exit(
  spawnSync(process.execPath, ['dist/bench-sandbox.mjs', ...process.argv.slice(2)], { stdio: 'inherit' })
    .status ?? 1,
);
