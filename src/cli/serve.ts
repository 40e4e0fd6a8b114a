import { join } from 'node:path';
import { readBaseModel, startEngine } from '../engine/index.js';
import { findWeights, type Weights } from './eval.js';
import { cacheFolder, shipped } from './places.js';
import { stopOnSignals } from './stop-on-signals.js';
import { commandName, exit, Failure, type Terminal } from './terminal.js';

export interface ServeOptions {
  from?: string | undefined;
  port: number;
  backend: string;
}

/** `baton serve ROLE@VERSION`: a role as an OpenAI endpoint on loopback, until it is stopped. */
export async function serveCommand(
  terminal: Terminal,
  wanted: string,
  options: ServeOptions,
): Promise<number> {
  const weights = options.from === undefined ? null : findWeights(options.from);
  if (weights && (weights.choice.engine === 'torch' || weights.choice.base !== undefined))
    throw new Failure(
      'serve.torch',
      'These weights were trained by the torch engine, which serve cannot start yet; export them with baton promote and baton export-model.',
      exit.usage,
    );
  const policy = policyOf(wanted, weights);
  const engine = await startEngine({
    dir: weights?.dir ?? join(cacheFolder(), 'engines', `serve-${process.pid}`),
    base: shipped('media/base'),
    program: shipped(join('dist', 'engine.mjs')),
    backend: options.backend as 'auto',
    port: options.port,
  }).catch((error: Error) => {
    throw new Failure('engine.failed', `The engine did not start: ${error.message}`, exit.environment);
  });
  const { abort, release } = stopOnSignals();
  abort.signal.addEventListener('abort', () => void engine.stop());
  try {
    const { data } = await engine.client.models();
    const known = data.map((model) => model.id);
    if (!policy.endsWith('@v0') && !known.includes(policy))
      throw new Failure(
        'policy.unknown',
        `There is no ${policy} ${options.from ? `in ${options.from}` : 'without --from RUN'}; there are: ${known.join(', ')}.`,
        exit.usage,
      );
    const base_url = `${engine.url}/v1`;
    terminal.emit({ event: 'serving', model: policy, base_url, api_key: engine.token });
    terminal.say(
      `serving ${policy}\n  base_url: ${base_url}\n  model:    ${policy}\n  api key:  ${engine.token}`,
    );
    terminal.say(
      `\nTry it:\n  curl ${base_url}/chat/completions -H "authorization: Bearer ${engine.token}" -H "content-type: application/json" \\\n    -d '{"model": "${policy}", "messages": [{"role": "user", "content": "..."}]}'\n\nCtrl-C stops it.`,
    );
    await engine.ended;
    return exit.fine;
  } finally {
    release();
    await engine.stop();
  }
}

/** `role` alone means its version in the checkpoint, or v0. */
function policyOf(wanted: string, weights: Weights | null): string {
  const [role, version] = wanted.split('@') as [string, string | undefined];
  const known = weights ? Object.keys(weights.policies) : [...readBaseModel(shipped('media/base')).roles];
  if (!known.includes(role))
    throw new Failure(
      'role.unknown',
      `"${role}" is not a role ${weights ? 'of that run' : 'that the embedded model plays'}; these are: ${known.join(', ')}. Usage: ${commandName()} serve ROLE[@VERSION] [--from RUN]`,
      exit.usage,
    );
  return version ? wanted : (weights?.policies[role] ?? `${role}@v0`);
}
