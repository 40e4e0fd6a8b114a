// A program there that lives as long as its connection: its standard input ends with it, however that is cut.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { SshPlace } from '../targets.js';
import { commandLine, OwnWords } from './begins.js';
import { commandArguments, explain, SshError } from './connection.js';

export interface Held {
  /** The first line that the program said. */
  readonly said: string;
  /** Resolves when the program or the link is gone, with the reason where it was not ended here. */
  readonly ended: Promise<Error | null>;
  close(): Promise<void>;
}

/** Starts a program there and waits for its first line. Rejects with an SshError and the program's own words. */
export async function holdThere(target: SshPlace, command: readonly string[]): Promise<Held> {
  const child = spawn('ssh', [...commandArguments(target), commandLine('exec "$@"', command)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-20_000);
  });
  child.stdin.on('error', () => undefined);
  let closed = false;
  const ended = new Promise<Error | null>((resolve) => {
    child.once('error', (error) =>
      resolve(new SshError('failed', `ssh cannot be started: ${error.message}`)),
    );
    child.once('close', (code) => {
      if (closed) resolve(null);
      else if (code === 255 || code === null) resolve(explain(target, stderr));
      else {
        const words = stderr.trim().split('\n').slice(-4).join('\n');
        resolve(new SshError('failed', `${target.host}: the program there ended with ${code}: ${words}`));
      }
    });
  });
  const line = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout.pipe(new OwnWords()) }).once('line', resolve);
  });
  const first = await Promise.race([line, ended]);
  if (typeof first !== 'string')
    throw first ?? new SshError('failed', `${target.host}: it ended before it said anything`);
  const close = async (): Promise<void> => {
    closed = true;
    child.stdin.end();
    await ended;
  };
  return { said: first, ended, close };
}
