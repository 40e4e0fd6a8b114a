// Bundles the pre-training script and runs it. `npm run pretrain`
import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';

await build({
  entryPoints: ['scripts/pretrain/main.ts'],
  outfile: 'dist/pretrain.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
});
const ran = spawnSync(process.execPath, ['dist/pretrain.mjs', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = ran.status ?? 1;
