import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';

const servingLine = z.object({
  event: z.literal('serving'),
  model: z.string(),
  base_url: z.url(),
  api_key: z.string(),
});
const errorLine = z.object({ error: z.object({ message: z.string() }) });
const answerSchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1),
});

/** A process that serves one policy until it is stopped. */
export interface Serving {
  ask(messages: { role: string; content: string }[], signal: AbortSignal): Promise<string>;
  stop(): void;
  ended: Promise<unknown>;
}

/**
 * Start `baton serve`, as a process that ends with this one, also where this one is killed: its input is a pipe from
 * here, which nothing is written to. Rejects with its own words where it does not serve.
 */
export function startServing(node: string, args: readonly string[], cwd: string): Promise<Serving> {
  const child: ChildProcess = spawn(node, args, {
    cwd,
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', BATON_COMMAND: 'baton', BATON_ENDS_WITH_STDIN: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const ended = new Promise<unknown>((resolve) => child.once('exit', resolve));
  // One that ended already says why in its output.
  child.stdin!.on('error', () => undefined);
  let words = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    words = `${words}${chunk.toString()}`.slice(-2000);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const value = json(line);
      const serving = servingLine.safeParse(value);
      if (serving.success) resolve({ ask: asker(serving.data), stop: () => void child.kill(), ended });
      const failed = errorLine.safeParse(value);
      if (failed.success) reject(new Error(failed.data.error.message));
    });
    void ended.then(() =>
      reject(new Error(words.trim().split('\n').slice(-3).join('\n') || l10n.t('it ended at once'))),
    );
  });
}

function asker({ model, base_url, api_key }: z.infer<typeof servingLine>): Serving['ask'] {
  return async (messages, signal) => {
    const response = await fetch(`${base_url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api_key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages }),
      signal,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`HTTP ${response.status}: ${text.slice(0, 300)}`);
    return answerSchema.parse(json(text)).choices[0]!.message.content ?? '';
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
