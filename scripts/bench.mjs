// Runs one bench of test/bench: `node scripts/bench.mjs <name> [arguments]`. Build first.
import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';

const [name, ...rest] = process.argv.slice(2);
if (name === undefined) throw new Error('name a file of test/bench, such as "engine"');
const outfile = `dist/bench-${name}.mjs`;
await build({
  entryPoints: [`test/bench/${name}.ts`],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
});
const ran = spawnSync(process.execPath, [outfile, ...rest], { stdio: 'inherit' });
process.exitCode = ran.status ?? 1;
