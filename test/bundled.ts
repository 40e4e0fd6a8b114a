import { basename, join } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundle a program of this repository for a test and give its path: inside the checkout, so that the packages left out
 * of it are found. The test removes it.
 */
export async function bundled(entry: string): Promise<string> {
  const outfile = join('dist', `test-${basename(entry, '.ts')}-${process.pid}.mjs`);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  });
  return outfile;
}
