// Starts an engine as a child process and waits until it answers.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { BackendWish } from './backend/choose.js';
import { EngineClient } from './client.js';

export interface EngineOptions {
  /** where policies, checkpoints and `engine.log` are kept; made if absent */
  readonly dir: string;
  /** folder of the base model */
  readonly base: string;
  /** the same weights on the same hardware, run after run; chooses wasm where `backend` is `auto` */
  readonly deterministic?: boolean;
  readonly backend?: BackendWish;
  /** 0 or absent: any free one */
  readonly port?: number;
  /** the bundled engine, `engine.mjs`; found beside the caller's bundle or in `dist/` where absent */
  readonly program?: string;
}

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

const firstLine = z.union([z.object({ url: z.string() }), z.object({ error: z.string() })]);

/** The bundled engine beside this file's bundle, or in the project's `dist/`. */
function bundledProgram(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const places = [join(here, 'engine.mjs'), join(here, '..', '..', 'dist', 'engine.mjs')];
  const found = places.find((place) => existsSync(place));
  if (found === undefined) {
    throw new Error(`the engine is not built: none of ${places.join(', ')} exists; run "npm run build"`);
  }
  return found;
}

/** Starts an engine. Rejects with the engine's own words where it cannot start. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const program = options.program ?? bundledProgram();
  mkdirSync(options.dir, { recursive: true });
  const token = randomBytes(24).toString('hex');
  const log = join(options.dir, 'engine.log');
  const errors = openSync(log, 'a');
  const child = spawn(process.execPath, [program], {
    stdio: ['pipe', 'pipe', errors],
    // Inside the editor `execPath` is the editor itself, which runs as Node only when told to.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  }) as ChildProcessByStdio<Writable, Readable, null>;
  closeSync(errors);
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', () => resolve(null));
  });
  // A child that is gone already is reported by its end, not by a broken pipe.
  child.stdin.on('error', () => undefined);
  child.stdin.write(
    `${JSON.stringify({
      dir: options.dir,
      base: options.base,
      backend: options.backend ?? 'auto',
      deterministic: options.deterministic ?? false,
      token,
      port: options.port ?? 0,
    })}\n`,
  );
  const line = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).once('line', resolve);
  });
  const said = await Promise.race([line, ended]);
  if (typeof said !== 'string') throw new Error(`the engine ended before it was ready; see ${log}`);
  const first = firstLine.parse(JSON.parse(said));
  if ('error' in first) throw new Error(`the engine could not start: ${first.error}`);
  const stop = async (): Promise<void> => {
    child.stdin.end();
    child.kill();
    await ended;
  };
  return {
    url: first.url,
    token,
    pid: child.pid!,
    client: new EngineClient(first.url, token),
    stop,
    ended,
  };
}
