import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cargoOf } from '../../../src/target/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-cargo-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text = 'x'): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
const goes = async () => [...(await cargoOf(folder)).files.keys()];

it('a workflow, its prompts and its tables go; history, caches and programs of this machine stay', async () => {
  const own = ['t.baton.yaml', 'prompts/a.md', 'tables/b c.csv', '.hidden/d', 'lib/.config/e'];
  const stays = ['.baton/runs/r/run.json', '.git/HEAD', '.cache/x', '.config/x', '.venv/x', 'a/venv/x'];
  for (const path of [...own, ...stays, 'a/node_modules/x', 'a/__pycache__/x']) write(path);
  expect(await goes()).toEqual([...own].sort());
});

it.each([
  ...['.ssh/config', '.aws/credentials', '.gnupg/x', '.kube/config', '.docker/config.json', '.azure/x'],
  ...['.netrc', '.git-credentials', '.npmrc', '.pypirc', '.local/share/keyrings/x', '.env', 'a/.env.local'],
  ...['id_rsa', 'keys/id_ed25519', 'a/server.pem', 'a/.ssh/known_hosts', 'store.p12'],
])('%s stays', async (path) => {
  write('t.baton.yaml');
  write(path);
  expect(await goes()).toEqual(['t.baton.yaml']);
});

it('a private key stays whatever it is called, and is named', async () => {
  write('t.baton.yaml');
  write('deploy', '-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n');
  write('a/old', '-----BEGIN RSA PRIVATE KEY-----\nabc\n');
  write('a/host.pub', 'ssh-ed25519 AAAA');
  write('a/about.md', 'A file that says -----BEGIN PRIVATE KEY----- somewhere.');
  const { files, left } = await cargoOf(folder);
  expect([...files.keys()]).toEqual(['a/about.md', 'a/host.pub', 't.baton.yaml']);
  expect(left).toEqual([
    { path: 'a/old', why: 'a private key' },
    { path: 'deploy', why: 'a private key' },
  ]);
});
