import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesToSend, lacking, notingPaths } from '../../../src/cli/files-to-send.js';
import { Terminal } from '../../../src/cli/terminal.js';
import { cargoOf } from '../../../src/target/index.js';
import { diskFiles } from '../../../src/workflow/index.js';

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

describe('a link', () => {
  beforeEach(() => {
    write('t.baton.yaml');
    write('data/a.csv', 'one');
    write('.ssh/id', 'secret');
  });
  const link = (path: string, to: string) => symlinkSync(to, join(folder, path));

  it('inside the folder goes as what it shows', async () => {
    link('b.csv', 'data/a.csv');
    link('again', 'data');
    link('data/more', '../b.csv');
    const { files, left } = await cargoOf(folder);
    const shown = ['again/a.csv', 'again/more', 'b.csv', 'data/a.csv', 'data/more'];
    expect([...files.keys()]).toEqual([...shown, 't.baton.yaml']);
    expect(new Set(shown.map((path) => files.get(path))).size).toBe(1);
    expect(left).toEqual([]);
  });

  it('to what is not in the folder, or stays, is named', async () => {
    link('out', tmpdir());
    link('gone', 'nowhere');
    link('keys', '.ssh');
    link('data/up', '..');
    link('data/self', '../data');
    link('node_modules', tmpdir());
    const { files, left } = await cargoOf(folder);
    expect([...files.keys()]).toEqual(['data/a.csv', 't.baton.yaml']);
    expect(left.map(({ path, why }) => `${path}: ${why}`).sort()).toEqual([
      'data/self: a link that leads back to itself',
      'data/up: a link that leads back to itself',
      'gone: a link to nothing',
      'keys: a link to what stays',
      'out: a link that leads outside the folder',
    ]);
  });

  it('that leads outside is a problem where the workflow names the folder that it is in', async () => {
    write('lib/own.py');
    link('lib/shared.py', '/etc/hostname');
    link('other', '/etc');
    const cargo = await cargoOf(folder);
    expect(lacking(folder, cargo, ['data/a.csv', 't.baton.yaml', 'data', 'absent'])).toEqual([]);
    expect(lacking(folder, cargo, ['lib'])).toEqual([
      'lib/shared.py is a link that leads outside the folder',
    ]);
    expect(lacking(folder, cargo, ['.ssh/id'])).toEqual([
      '.ssh/id is called like what never leaves this machine',
    ]);
    const { files, asked } = notingPaths(diskFiles(folder));
    files.read('./data/a.csv');
    files.resolve('lib/');
    expect([...asked]).toEqual(['data/a.csv', 'lib']);
    await expect(filesToSend(new Terminal(true), folder, asked)).rejects.toThrow(
      /names what would not go with it:\n {2}lib\/shared.py is a link that leads outside the folder\nNothing was sent/,
    );
  });

  it('is read as a task like a file', () => {
    link('data/b.csv', 'a.csv');
    expect(diskFiles(folder).list('data/*.csv')).toEqual(['data/a.csv', 'data/b.csv']);
  });
});
