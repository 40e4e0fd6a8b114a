// A real sshd on loopback with throwaway keys and a configuration of its own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { SshTarget } from '../../../src/target/index.js';

export interface Sshd {
  target: SshTarget;
  folder: string;
  /** Gives the server another host key, as a machine that was set up anew has. */
  changeKey(): Promise<void>;
  stop(): void;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A folder with this machine's programs but those that are left out, and with scripts of these names in place of its own. */
export function programsBut(left: RegExp, scripts: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'baton-path-'));
  for (const name of readdirSync('/usr/bin'))
    if (!(name in scripts) && !left.test(name)) symlinkSync(`/usr/bin/${name}`, join(folder, name));
  for (const [name, script] of Object.entries(scripts))
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}

/** `path`: what a session there finds programs on. `more`: further lines of its configuration. */
export async function startSshd(path?: string, more: readonly string[] = []): Promise<Sshd> {
  const program = '/usr/sbin/sshd';
  if (!existsSync(program)) {
    throw new Error('sshd is not installed; on Debian: sudo apt-get install -y openssh-server');
  }
  const folder = mkdtempSync(join(tmpdir(), 'baton-sshd-'));
  chmodSync(folder, 0o700);
  // sshd drops its rights into this folder where it runs as root.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  const at = (name: string): string => join(folder, name);
  const key = (name: string) => execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  const port = await freePort();
  key('user');
  writeFileSync(at('authorized'), readFileSync(at('user.pub')), { mode: 0o600 });
  writeFileSync(
    at('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${at('host')}`,
      `AuthorizedKeysFile ${at('authorized')}`,
      `PidFile ${at('pid')}`,
      'PasswordAuthentication no',
      'StrictModes no',
      'UsePAM no',
      'PermitRootLogin prohibit-password',
      'Subsystem sftp internal-sftp',
      ...(path === undefined ? [] : [`SetEnv PATH=${path}`]),
      ...more,
      '',
    ].join('\n'),
  );
  writeFileSync(
    at('config'),
    [
      'Host box',
      '  HostName 127.0.0.1',
      `  Port ${port}`,
      `  User ${userInfo().username}`,
      `  IdentityFile ${at('user')}`,
      '  IdentitiesOnly yes',
      `  UserKnownHostsFile ${at('known')}`,
      '  HostKeyAlias box',
      '',
    ].join('\n'),
  );
  let server: ChildProcess | null = null;
  const serve = async (): Promise<void> => {
    rmSync(at('host'), { force: true });
    rmSync(at('host.pub'), { force: true });
    key('host');
    server = spawn(program, ['-D', '-e', '-f', at('sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      let said = '';
      server!.stderr!.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('Server listening')) resolve();
      });
      server!.once('exit', () => reject(new Error(`sshd ended: ${said}`)));
    });
  };
  const halt = async (): Promise<void> => {
    const old = server!;
    const gone = new Promise((resolve) => old.once('exit', resolve));
    old.removeAllListeners('exit');
    old.once('exit', () => undefined);
    old.kill();
    await Promise.race([gone, new Promise((resolve) => old.once('exit', resolve))]);
  };
  await serve();
  writeFileSync(at('known'), `box ${readFileSync(at('host.pub'), 'utf8')}`);
  return {
    folder,
    target: {
      kind: 'ssh',
      placement: 'there',
      host: 'box',
      config: at('config'),
      folder: at('box'),
      node: process.execPath,
    },
    changeKey: async () => {
      await halt();
      await serve();
    },
    stop: () => {
      server?.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
