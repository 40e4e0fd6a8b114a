import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { ensureEnvironment, environmentFolder, readyPython } from '../../../src/target/local/environment.js';
import { takeLock } from '../../../src/trace/index.js';

const place = mkdtempSync(join(tmpdir(), 'baton-environment-'));
const options = { cache: join(place, 'cache'), source: place };
writeFileSync(join(place, 'constraints.txt'), 'torch==2.9.1\n');
const making = `${environmentFolder(options)}.making`;
mkdirSync(join(options.cache, 'torch'), { recursive: true });
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(place, { recursive: true }));

test('an environment that another process is making is not made twice', async () => {
  const taken = takeLock(making);
  await expect(ensureEnvironment(options)).rejects.toThrow(
    `process ${process.pid} on ${hostname()} is making the Python environment`,
  );
  if ('lock' in taken) taken.lock.release();
});

test('one whose maker was killed is made anew, and what keeps it from that is said', async () => {
  // No process has this id.
  writeFileSync(making, JSON.stringify({ pid: 2 ** 30, started: '1', host: hostname() }));
  vi.stubEnv('PATH', '/nowhere');
  await expect(ensureEnvironment(options)).rejects.toThrow(/no python3 on the PATH; install Python/);
  expect(existsSync(making)).toBe(false);
  expect(readyPython(options)).toBeNull();
});
