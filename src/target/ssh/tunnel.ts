// A port of this machine that leads to one over there, for as long as the ssh process lives.
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import type { SshPlace } from '../targets.js';
import { explain, SshError, sshArguments } from './connection.js';

export interface Tunnel {
  /** On this machine's loopback. */
  readonly port: number;
  /** Resolves when the tunnel is gone, with the reason where it was not closed here. */
  readonly ended: Promise<Error | null>;
  close(): Promise<void>;
}

/**
 * Opens a tunnel to `host:port` as the machine there sees it. Rejects with an SshError. A machine that forwards nothing
 * says so at the first connection only: the tunnel then ends.
 */
export async function openTunnel(target: SshPlace, host: string, port: number): Promise<Tunnel> {
  const own = await freePort();
  const forward = `127.0.0.1:${own}:${host.includes(':') ? `[${host}]` : host}:${port}`;
  // Not ExitOnForwardFailure: what the user's configuration forwards besides may be taken by a session of theirs.
  const options = ['-N', '-oRemoteCommand=none', '-L', forward];
  const child = spawn('ssh', [...options, ...sshArguments(target)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  let refused = false;
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-20_000);
    // Each connection would be taken here and cut at once, and clients try again for ever.
    if (!refused && /open failed: administratively prohibited/.test(stderr)) {
      refused = true;
      child.kill();
    }
    if (stderr.includes(`cannot listen to port: ${own}`)) child.kill();
  });
  let closed = false;
  const ended = new Promise<Error | null>((resolve) => {
    child.once('error', (error) =>
      resolve(new SshError('failed', `ssh cannot be started: ${error.message}`)),
    );
    child.once('close', () => {
      if (closed) resolve(null);
      else resolve(refused ? forwardsNothing(target) : explain(target, stderr));
    });
  });
  const close = async (): Promise<void> => {
    closed = true;
    child.kill();
    await ended;
  };
  for (;;) {
    const gone = await Promise.race([ended, answers(own)]);
    if (gone instanceof Error) throw gone;
    if (gone === true) return { port: own, ended, close };
  }
}

function forwardsNothing({ host }: SshPlace): SshError {
  return new SshError(
    'failed',
    `${host}: its sshd does not forward this port (AllowTcpForwarding or PermitOpen there), and nothing else leads to it. Allow it in the sshd_config there.`,
  );
}

/** Whether something listens on a port by now; a moment's wait where not. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => setTimeout(() => resolve(false), 50));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
