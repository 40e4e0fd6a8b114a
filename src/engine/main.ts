// The engine process. Its settings come as one JSON line on standard input (a token on the command line could be
// read by other users); its address goes as one JSON line to standard output. It ends when its input ends,
// which is also what happens when its parent dies.
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { backendNames } from './backend/choose.js';
import { EngineError } from './server/errors.js';
import { serve } from './server/serve.js';

const settings = z.object({
  dir: z.string().min(1),
  base: z.string().min(1),
  backend: z.enum(['auto', ...backendNames]),
  deterministic: z.boolean(),
  token: z.string().min(16),
  port: z.int().min(0).max(65_535),
});

const lines = createInterface({ input: process.stdin });
lines.once('close', () => process.exit(0));
lines.once('line', (line) => {
  start(line).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof EngineError ? error.code : undefined;
    process.stdout.write(`${JSON.stringify({ error: message, code })}\n`, () => process.exit(1));
  });
});

async function start(line: string): Promise<void> {
  const { url, backend } = await serve(settings.parse(JSON.parse(line)));
  process.stdout.write(`${JSON.stringify({ url, backend: backend.name })}\n`);
}
