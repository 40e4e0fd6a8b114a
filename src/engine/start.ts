// Starts the embedded engine as a child process of this one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { BackendWish } from './backend/choose.js';
import { EngineClient } from './client.js';

export interface EngineOptions {
  /** folder for trained policies; made where it is missing */
  readonly dir: string;
  /** folder of the base model: model.safetensors, config.json, tokenizer.json */
  readonly base: string;
  /** path of the bundled engine, `dist/engine.mjs` */
  readonly program: string;
  readonly deterministic?: boolean;
  readonly backend?: BackendWish;
}

export interface RunningEngine {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  readonly client: EngineClient;
  /** Ends the process and waits until it is gone. */
  stop(): Promise<void>;
}

const greeting = z.object({ url: z.string(), token: z.string() });

/** Starts an engine and waits until it listens. Throws with what it said where it does not come up. */
export async function startEngine(options: EngineOptions): Promise<RunningEngine> {
  const child = spawn(process.execPath, [options.program], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  // A child that died early breaks the pipe; its exit below says why.
  child.stdin.on('error', () => undefined);
  const order = {
    dir: options.dir,
    base: options.base,
    backend: options.backend ?? 'auto',
    deterministic: options.deterministic ?? false,
  };
  child.stdin.write(`${JSON.stringify(order)}\n`);
  const gone = once(child, 'close');
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text)),
    gone.then(([code]) => {
      throw new Error(`the engine ended with status ${code} before it listened:\n${said.trim()}`);
    }),
  ]);
  const { url, token } = greeting.parse(JSON.parse(line));
  return {
    url,
    token,
    pid: child.pid!,
    client: new EngineClient(url, token),
    async stop() {
      // Closing its input asks it to end; an engine in the middle of a pass is not waited for.
      child.stdin.end();
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await gone;
    },
  };
}
