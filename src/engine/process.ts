// An engine as a child process: settings go in as one JSON line, its address comes out as one, and it ends when
// its input does. The same for every kind of engine.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import * as z from 'zod';
import { EngineClient } from './client.js';

export interface Engine {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  readonly client: EngineClient;
  /** Ends the process and resolves when it is gone. */
  stop(): Promise<void>;
  /** Resolves with the exit code (null after a signal) when the process has ended, for whatever reason. */
  readonly ended: Promise<number | null>;
}

export interface EngineProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** where policies, checkpoints and `engine.log` are kept; made if absent */
  readonly dir: string;
  readonly token: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

const firstLine = z.union([
  z.object({ url: z.string() }),
  z.object({ error: z.string(), code: z.string().optional() }),
]);

/** An engine that says itself why it does not start. */
export class EngineRefusal extends Error {
  override name = 'EngineRefusal';
  constructor(
    message: string,
    /** the protocol's name for it, where it has one */
    readonly code: string | null,
  ) {
    super(message);
  }
}

/** Starts an engine and waits until it answers. Rejects with the engine's own words where it cannot start. */
export async function startProcess(program: EngineProgram): Promise<Engine> {
  const { command, args, env, dir, token } = program;
  mkdirSync(dir, { recursive: true });
  const log = join(dir, 'engine.log');
  const errors = openSync(log, 'a');
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', errors], env }) as ChildProcessByStdio<
    Writable,
    Readable,
    null
  >;
  closeSync(errors);
  let failure = '';
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', (error) => {
      failure = `: ${error.message}`;
      resolve(null);
    });
  });
  // A child that is gone already is reported by its end, not by a broken pipe.
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify({ ...program.settings, dir, token })}\n`);
  const line = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).once('line', resolve);
  });
  const said = await Promise.race([line, ended]);
  if (typeof said !== 'string') {
    throw new Error(`the engine ended before it was ready${failure}; see ${log}${lastWords(log)}`);
  }
  const first = firstLine.parse(JSON.parse(said));
  if ('error' in first)
    throw new EngineRefusal(`the engine could not start: ${first.error}`, first.code ?? null);
  return {
    url: first.url,
    token,
    pid: child.pid!,
    client: new EngineClient(first.url, token),
    stop: async () => {
      child.stdin.end();
      child.kill();
      await ended;
    },
    ended,
  };
}

/** The last line that the engine logged, as a hint in an error. */
function lastWords(log: string): string {
  const last = readFileSync(log, 'utf8').trimEnd().split('\n').at(-1);
  return last ? ` (last line: ${last.slice(0, 300)})` : '';
}
