// Puts the engine together over a state folder and a base model, and listens on the loopback interface.
import { join } from 'node:path';
import { serve as listen } from '@hono/node-server';
import type { BackendWish } from '../backend/choose.js';
import { type Backend, loadBackend } from '../backend/load.js';
import { readModel } from '../model/files.js';
import { loadTokenizer } from '../tokenizer.js';
import { Residents } from './resident.js';
import { routes } from './routes.js';
import { Sampler } from './sampler.js';
import { PolicyStore } from './store.js';
import { Updates } from './update.js';

export interface ServeOptions {
  /** where policies and checkpoints are kept */
  readonly dir: string;
  /** folder of the base model */
  readonly base: string;
  readonly backend: BackendWish;
  /** the same weights on the same hardware, run after run */
  readonly deterministic: boolean;
  readonly token: string;
  /** 0 for any free one */
  readonly port: number;
}

export interface Served {
  readonly url: string;
  readonly backend: Backend;
  close(): void;
}

/** Starts the server. Throws where the base cannot be read or no backend works. */
export async function serve(options: ServeOptions): Promise<Served> {
  const tokenizer = loadTokenizer(join(options.base, 'tokenizer.json'));
  const store = new PolicyStore(options.dir, readModel(options.base));
  // wasm has one thread and thus one order of summation; native backends share sums among threads.
  const wish = options.deterministic && options.backend === 'auto' ? 'wasm' : options.backend;
  const backend = await loadBackend(wish);
  const residents = new Residents(backend, store);
  const sampler = new Sampler(backend.tf, residents);
  const updates = new Updates(backend, store, residents);
  const { token, deterministic } = options;
  const app = routes({ token, backend, tokenizer, store, residents, sampler, updates, deterministic });
  return new Promise((resolve, reject) => {
    const server = listen(
      {
        fetch: app.fetch,
        hostname: '127.0.0.1',
        port: options.port,
        // Longer than a step keeps this process from looking: a connection whose time is over is closed unread.
        serverOptions: { keepAliveTimeout: 600_000 },
      },
      ({ port }) => resolve({ url: `http://127.0.0.1:${port}`, backend, close: () => void server.close() }),
    );
    server.once('error', reject);
  });
}
