// Login shells that greet, that are no POSIX shells, or that run nothing; and what a person's ssh configuration does at
// each connection.
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Box, manifestOf, probeThere } from '../../../src/target/index.js';
import { mustRun } from '../../../src/target/ssh/connection.js';
import { holdThere } from '../../../src/target/ssh/held.js';
import { openTunnel } from '../../../src/target/ssh/tunnel.js';
import { freePort, type Sshd, startSshd } from './sshd.js';

let sshd: Sshd | undefined;
afterEach(() => sshd?.stop());

it.each([
  ['greets', 'echo "Welcome home"; echo; exec sh -c "$SSH_ORIGINAL_COMMAND"'],
  ['is a C shell', 'exec tcsh -f -c "$SSH_ORIGINAL_COMMAND"'],
])('a login shell that %s runs jobs like any other', async (_, command) => {
  sshd = await startSshd(undefined, [`ForceCommand ${command}`]);
  expect((await probeThere(sshd.target)).node).toBe(process.version);
  const odd = `it's 100% \\n "odd" $HOME`;
  expect(await mustRun(sshd.target, `printf '%s|' "$@" 'a\\tb' "!x"\necho`, [odd, ''])).toBe(
    `${odd}||a\\tb|!x|\n`,
  );
  const held = await holdThere(sshd.target, ['sh', '-c', 'printf "%s\\n" "$1"; cat', 'sh', odd]);
  expect(held.said).toBe(odd);
  await held.close();

  const box = await Box.open(sshd.target);
  expect(box.root).toBe(sshd.target.folder);
  const work = mkdtempSync(join(tmpdir(), 'baton-shells-'));
  mkdirSync(join(work, 'in'));
  writeFileSync(join(work, 'in', 'a.bin'), Buffer.from([0, 255, 10, 13, 0]));
  expect(await box.send(work, await manifestOf(work), `${box.job('one')}/work`)).toBe(1);
  expect(await box.send(work, await manifestOf(work), `${box.job('one')}/work`)).toBe(0);
  rmSync(work, { recursive: true });
});

it('a login shell that runs nothing is told, with its words', async () => {
  const command = 'echo "This account is currently not available."; exit 1';
  sshd = await startSshd(undefined, [`ForceCommand ${command}`]);
  await expect(probeThere(sshd.target)).rejects.toThrow(
    /the login shell there did not run the command .*\nThis account is currently not available\./,
  );
});

it('what a configuration runs and forwards at each connection is left to the sessions of its owner', async () => {
  sshd = await startSshd();
  const taken = createServer();
  const port = await freePort();
  await new Promise<void>((done) => taken.listen(port, '127.0.0.1', done));
  appendFileSync(
    sshd.target.config!,
    `  RemoteCommand tmux attach\n  RequestTTY yes\n  LocalForward 127.0.0.1:${port} 127.0.0.1:1\n`,
  );
  expect((await probeThere(sshd.target)).node).toBe(process.version);
  const served = createServer((socket) => socket.end('here'));
  await new Promise<void>((done) => served.listen(0, '127.0.0.1', done));
  const tunnel = await openTunnel(sshd.target, '127.0.0.1', (served.address() as { port: number }).port);
  const said = await new Promise<string>((done) =>
    createConnection(tunnel.port, '127.0.0.1').once('data', (data) => done(data.toString())),
  );
  expect(said).toBe('here');
  await tunnel.close();
  served.close();
  taken.close();
});
