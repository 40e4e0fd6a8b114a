// The engine process. It is told where to work by one line of JSON on standard input, says where it listens by
// one line on standard output, and ends when its standard input closes, that is with its parent.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { serve } from '@hono/node-server';
import { z } from 'zod';
import { backendNames } from './backend/choose.js';
import { loadBackend } from './backend/load.js';
import { readModel } from './model/files.js';
import { Residents } from './server/resident.js';
import { routes } from './server/routes.js';
import { Sampler } from './server/sampler.js';
import { PolicyStore } from './server/store.js';
import { Updates } from './server/update.js';
import { loadTokenizer } from './tokenizer.js';

const orderSchema = z.object({
  /** where trained policies are kept */
  dir: z.string(),
  /** folder of the base model */
  base: z.string(),
  backend: z.enum(['auto', ...backendNames]),
  deterministic: z.boolean(),
});

async function start(order: z.infer<typeof orderSchema>): Promise<void> {
  // One thread count and one order of sums give the same weights each time on the same hardware.
  if (order.deterministic) {
    process.env.OMP_NUM_THREADS = '1';
    process.env.TF_DETERMINISTIC_OPS = '1';
  }
  mkdirSync(order.dir, { recursive: true });
  const backend = await loadBackend(order.backend);
  const store = new PolicyStore(order.dir, readModel(order.base));
  const residents = new Residents(backend, store);
  const token = randomBytes(24).toString('hex');
  const app = routes({
    token,
    backend,
    store,
    residents,
    tokenizer: loadTokenizer(join(order.base, 'tokenizer.json')),
    sampler: new Sampler(backend.tf, residents),
    updates: new Updates(backend, store, residents),
    deterministic: order.deterministic,
  });
  serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
    process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}`, token })}\n`);
  });
}

const input = createInterface({ input: process.stdin });
input.once('line', (line) => {
  start(orderSchema.parse(JSON.parse(line))).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  });
});
input.once('close', () => process.exit(0));
