import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { secretsOf } from '../../../src/cli/carried.js';
import { SecretFile, takeCarried } from '../../../src/policy/index.js';
import { folderWith, type Ran, runCli, startCli } from './command.js';

const KEY = 'sk-canary-4711';

/** `baton secret ...` with a key on stdin. */
function typed(folder: string, args: string[], key: string): Promise<Ran> {
  const { child, ended } = startCli(folder, ['secret', ...args], {}, 'pipe');
  child.stdin!.end(key);
  return ended;
}

test('a key is stored for one address, listed without being shown, and forgotten', async () => {
  const folder = folderWith({});
  expect((await runCli(folder, ['secret', 'list'])).stdout).toBe('No key is stored.\n');
  const stored = await typed(folder, ['set', 'MINE', '--for', 'https://api.example.com/v1'], `${KEY}\n`);
  expect(stored).toMatchObject({ code: 0, stderr: '' });
  expect(stored.stdout).toContain('MINE is stored for https://api.example.com, and goes nowhere else.');
  await typed(folder, ['set', 'MINE', '--for', 'http://127.0.0.1:8000', '--json'], KEY);
  expect(statSync(join(folder, '.config/baton/secrets.json')).mode & 0o777).toBe(0o600);
  const listed = await runCli(folder, ['secret', 'list', '--json']);
  expect(JSON.parse(listed.stdout)).toEqual({
    secrets: [{ name: 'MINE', origins: ['https://api.example.com', 'http://127.0.0.1:8000'] }],
  });
  expect(stored.stdout + listed.stdout + (await runCli(folder, ['secret', 'list'])).stdout).not.toContain(
    KEY,
  );
  const unknown = await runCli(folder, ['secret', 'delete', 'YOURS']);
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain('There is no key "YOURS"; stored are MINE.');
  expect((await runCli(folder, ['secret', 'delete', 'MINE'])).stdout).toBe('MINE is forgotten.\n');
  expect(JSON.parse((await runCli(folder, ['secret', 'list', '--json'])).stdout)).toEqual({ secrets: [] });
});

test('what is no address, and no key, is not stored', async () => {
  const folder = folderWith({});
  for (const address of ['api.example.com', 'ftp://example.com', '']) {
    const { code, stderr } = await typed(folder, ['set', 'MINE', '--for', address], KEY);
    expect(code).toBe(2);
    expect(stderr).toContain('--for takes the address of a server');
  }
  const empty = await typed(folder, ['set', 'MINE', '--for', 'https://api.example.com'], '\n');
  expect(empty.code).toBe(2);
  expect(empty.stderr).toContain('printenv MINE | baton secret set MINE --for https://api.example.com');
  expect((await runCli(folder, ['secret', 'list'])).stdout).toBe('No key is stored.\n');
});

test('a name that no workflow could use is refused, and every other one is kept', async () => {
  const folder = folderWith({});
  for (const name of ['my-key', 'a b', '1ST', 'x'.repeat(65), '']) {
    const { code, stderr, stdout } = await typed(
      folder,
      ['set', name, '--for', 'https://api.example.com'],
      KEY,
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`"${name}" cannot stand in a reference, so nothing was stored.`);
  }
  // Names of the language itself are no others.
  for (const name of ['__proto__', 'constructor']) {
    const stored = await typed(folder, ['set', name, '--for', 'https://api.example.com'], KEY);
    expect(stored).toMatchObject({ code: 0, stderr: '' });
  }
  const listed = await runCli(folder, ['secret', 'list', '--json']);
  const origins = ['https://api.example.com'];
  expect(JSON.parse(listed.stdout)).toEqual({
    secrets: [
      { name: '__proto__', origins },
      { name: 'constructor', origins },
    ],
  });
  const keys = new SecretFile(join(folder, '.config/baton/secrets.json'));
  expect(keys.get('__proto__', origins[0]!)).toBe(KEY);
  expect(keys.get('toString', origins[0]!)).toBeUndefined();
  const { BATON_CARRIED_KEYS } = secretsOf('key: "${secret:__proto__}"', keys, {});
  expect(Object.entries(takeCarried({ BATON_CARRIED_KEYS }))).toEqual([
    ['__proto__', { [origins[0]!]: KEY }],
  ]);
  expect((await runCli(folder, ['secret', 'delete', '__proto__'])).code).toBe(0);
});

test('keys that are stored at once, and targets that are added at once, are all there', async () => {
  const folder = folderWith({});
  const names = ['A', 'B', 'C', 'D', 'E', 'F'];
  await Promise.all([
    ...names.map((name) => typed(folder, ['set', name, '--for', 'https://api.example.com'], KEY)),
    ...names.map((name) => runCli(folder, ['target', 'add', `box-${name}`, '--ssh', 'me@example.invalid'])),
  ]);
  const keys = await runCli(folder, ['secret', 'list', '--json']);
  const { secrets } = JSON.parse(keys.stdout) as { secrets: { name: string }[] };
  expect(secrets.map(({ name }) => name).sort()).toEqual(names);
  const targets = readFileSync(join(folder, '.config/baton/targets.yaml'), 'utf8');
  expect(names.filter((name) => targets.includes(`box-${name}:`))).toEqual(names);
});
