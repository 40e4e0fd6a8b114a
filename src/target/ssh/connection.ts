// The system's ssh: the user's configuration, keys, agent and jump hosts work as they do in a terminal. Nothing is
// asked, and no unknown host key is ever accepted here.
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { SshPlace } from '../targets.js';
import { commandLine, OwnWords } from './begins.js';
import { hostName } from './host.js';

export class SshError extends Error {
  constructor(
    readonly code: 'unreachable' | 'host-key' | 'denied' | 'failed',
    message: string,
  ) {
    super(message);
    this.name = 'SshError';
  }
}

export interface RemoteRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** what the program there reads from its standard input */
  readonly input?: Readable | string;
  /** takes output as it comes, instead of collecting it */
  readonly onData?: (chunk: Buffer) => void;
  readonly signal?: AbortSignal;
}

/** Arguments of ssh up to the host. Throws where the host could be read as anything but a host. */
export function sshArguments(target: SshPlace): string[] {
  const host = hostName.parse(target.host);
  return [
    '-T',
    '-oBatchMode=yes',
    '-oStrictHostKeyChecking=yes',
    '-oConnectTimeout=15',
    '-oServerAliveInterval=15',
    '-oServerAliveCountMax=4',
    ...(target.config ? ['-F', target.config] : []),
    ...(target.port ? ['-p', String(target.port)] : []),
    '--',
    host,
  ];
}

/**
 * Arguments for a command of ours: what the user's configuration runs or forwards at each connection is for their own
 * sessions, and would stand in the way of several.
 */
export function commandArguments(target: SshPlace): string[] {
  return ['-oRemoteCommand=none', '-oClearAllForwardings=yes', ...sshArguments(target)];
}

/**
 * Runs a POSIX shell script there with arguments. Resolves with its exit code; rejects with an SshError where ssh
 * itself failed, which says nothing about whether the script ran.
 */
export function runThere(
  target: SshPlace,
  script: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RemoteRun> {
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', [...commandArguments(target), commandLine(script, args)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const out: Buffer[] = [];
    let stderr = '';
    const said = child.stdout.pipe(new OwnWords());
    said.on('data', options.onData ?? ((chunk: Buffer) => out.push(chunk)));
    const all = new Promise((done) => said.once('end', done));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-20_000);
    });
    child.stdin.on('error', () => undefined);
    if (options.input === undefined) child.stdin.end();
    else if (typeof options.input === 'string') child.stdin.end(options.input);
    else options.input.pipe(child.stdin);
    child.once('error', (error) => reject(new SshError('failed', `ssh cannot be started: ${error.message}`)));
    child.once('close', async (code) => {
      await all;
      if (code === 255 || code === null) reject(explain(target, stderr));
      else if (said.instead !== null) reject(notBegun(target, `${stderr}\n${said.instead}`));
      else resolve({ code, stdout: Buffer.concat(out).toString(), stderr });
    });
  });
}

/** The login shell there ran something else, or nothing. */
function notBegun(target: SshPlace, text: string): SshError {
  const words = text.trim().split('\n').slice(-3).join('\n');
  return new SshError(
    'failed',
    `${target.host}: the login shell there did not run the command that was asked for. Try: ssh ${target.host} true\n${words}`,
  );
}

/** Runs a script that is expected to succeed; its words where it does not. */
export async function mustRun(
  target: SshPlace,
  script: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await runThere(target, script, args, options);
  if (code !== 0) {
    const words = stderr.trim().split('\n').slice(-4).join('\n') || `it ended with ${code}`;
    const full = /No space left|Disk quota/.test(stderr) ? '\nFree disk space there, then try again.' : '';
    throw new SshError('failed', `${target.host}: ${words}${full}`);
  }
  return stdout;
}

export function explain(target: SshPlace, stderr: string): SshError {
  const words = stderr.trim().split('\n').slice(-3).join('\n');
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(stderr)) {
    return new SshError(
      'host-key',
      `${target.host}: its host key has changed, so nothing was sent. If the machine was set up anew, remove the old ` +
        'key with ssh-keygen -R and connect once by hand; if not, somebody may be in between.',
    );
  }
  if (/Host key verification failed|No .* host key is known/.test(stderr)) {
    return new SshError(
      'host-key',
      `${target.host}: its host key is not known here. Connect once in a terminal (ssh ${target.host}), compare the ` +
        'key, and accept it there; Baton never does.',
    );
  }
  if (/Permission denied/.test(stderr)) {
    return new SshError(
      'denied',
      `${target.host}: no key of yours is accepted there. Add your public key, or load it into the agent (ssh-add).\n${words}`,
    );
  }
  return new SshError('unreachable', `${target.host}: the connection failed or was cut.\n${words}`);
}
