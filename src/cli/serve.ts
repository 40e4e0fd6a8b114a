import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { announceServed, PolicyProblem, type ServedPolicy } from '../engine/index.js';
import { endWithStdin } from './end-with-stdin.js';
import { choiceOf, type EngineChoice, embeddedRoles, otherBase, overItsBase, startChosen } from './engine.js';
import { findWeights } from './eval.js';
import { policiesBase } from './find-run.js';
import { cacheFolder } from './places.js';
import { registryOf } from './policy-program.js';
import { stopOnSignals } from './stop-on-signals.js';
import { commandName, exit, Failure, type Terminal } from './terminal.js';

export interface ServeOptions {
  from?: string | undefined;
  /** A base in place of the one that was trained over, where that lies elsewhere now. */
  base?: string | undefined;
  port: number;
  backend: string;
  enginePython?: string | undefined;
  sampler?: EngineChoice['sampler'];
  vllmMemory?: number | undefined;
}

/** What is served, and by which engine. */
interface Served {
  /** `role@version` */
  policy: string;
  /** where the engine keeps its weights */
  dir: string;
  choice: EngineChoice;
  /** the folder was made for this endpoint only */
  own: boolean;
  checkpoint: ServedPolicy['from'];
  /** the folder whose policy it is */
  home: string;
}

/**
 * `baton serve ROLE@VERSION`: a role as an OpenAI endpoint on loopback, until it is stopped, or whoever asked for that
 * is gone (`end-with-stdin.ts`).
 */
export async function serveCommand(
  terminal: Terminal,
  wanted: string,
  { from, base, port, backend, enginePython, sampler, vllmMemory }: ServeOptions,
): Promise<number> {
  const { policy, dir, choice, own, checkpoint, home } =
    from === undefined ? kept(wanted, base) : trained(wanted, from, base);
  const starting = startChosen(
    dir,
    {
      ...choice,
      backend,
      ...(enginePython === undefined ? {} : { enginePython }),
      ...(sampler === undefined ? {} : { sampler }),
      ...(vllmMemory === undefined ? {} : { vllmMemory }),
    },
    port,
  );
  const engine = await overItsBase(starting, () => otherBase(policy, choice.base));
  const { abort, release } = stopOnSignals();
  const unbind = endWithStdin(() => abort.abort());
  const stopped = new Promise<void>((resolve) => abort.signal.addEventListener('abort', () => resolve()));
  let lost: Failure | null | undefined;
  let conceal = () => {};
  try {
    const { data } = await engine.engine.client.models();
    const known = data.map((model) => model.id);
    if (!policy.endsWith('@v0') && !known.includes(policy))
      throw new Failure(
        'policy.unknown',
        `There is no ${policy} ${from ? `in ${from}` : 'without --from RUN'}; there are: ${known.join(', ')}.`,
        exit.usage,
      );
    const { baseUrl: base_url, token } = engine.endpoint;
    conceal = announceServed(home, { role: parts(policy)[0], policy, from: checkpoint, base_url });
    terminal.emit({ event: 'serving', model: policy, base_url, api_key: token });
    terminal.say(`serving ${policy}\n  base_url: ${base_url}\n  model:    ${policy}\n  api key:  ${token}`);
    terminal.say(
      `\nTry it:\n  curl ${base_url}/chat/completions -H "authorization: Bearer ${token}" -H "content-type: application/json" \\\n    -d '{"model": "${policy}", "messages": [{"role": "user", "content": "..."}]}'\n\nCtrl-C stops it.`,
    );
    lost = await Promise.race([stopped.then(() => null), engine.gone]);
    if (lost) throw lost;
    return exit.fine;
  } finally {
    release();
    unbind();
    conceal();
    await engine.stop();
    // Its log stays where it was lost.
    if (own && !lost) rmSync(dir, { recursive: true, force: true });
  }
}

/** Weights of a training run; `role` alone means its version in the checkpoint. */
function trained(wanted: string, from: string, base?: string): Served {
  const { run, home, checkpoint, dir, choice, policies } = findWeights(from, base);
  const [role, version] = parts(wanted);
  if (policies[role] === undefined) throw unknownRole(role, 'of that run', Object.keys(policies));
  const policy = version ? wanted : policies[role];
  // Another version than the checkpoint's is of no checkpoint that could be named.
  const named = policy === policies[role] && !policy.endsWith('@v0');
  return { policy, dir, choice, own: false, checkpoint: named ? { run, checkpoint } : null, home };
}

/** What this folder keeps: `role` alone means what it acts with, which is the embedded base where nothing is promoted. */
function kept(wanted: string, given?: string): Served {
  const [role, version] = parts(wanted);
  const home = policiesBase();
  const registry = registryOf(home);
  const dir = join(cacheFolder(), 'engines', `serve-${process.pid}`);
  const policy = version ? wanted : (registry.acting([role])[role] ?? `${role}@v0`);
  if (!policy.endsWith('@v0'))
    try {
      const record = registry.serve({ [role]: policy }, dir);
      const checkpoint = record && { run: record.from.run, checkpoint: record.from.checkpoint };
      const choice = record ? choiceOf(record, home, { given }) : {};
      return { policy, dir, choice, own: true, checkpoint, home };
    } catch (error) {
      rmSync(dir, { recursive: true, force: true });
      if (!(error instanceof PolicyProblem)) throw error;
      throw new Failure(
        'policy.unknown',
        `${error.message} Name a training run with --from RUN.`,
        exit.usage,
      );
    }
  if (given === undefined && !embeddedRoles().includes(role))
    throw unknownRole(role, 'that the embedded model plays', embeddedRoles());
  return { policy, dir, choice: { base: given }, own: true, checkpoint: null, home };
}

const parts = (wanted: string) => wanted.split('@') as [string, string | undefined];

function unknownRole(role: string, which: string, known: readonly string[]): Failure {
  const usage = `Usage: ${commandName()} serve ROLE[@VERSION] [--from RUN]`;
  return new Failure(
    'role.unknown',
    `"${role}" is not a role ${which}; these are: ${known.join(', ')}. ${usage}`,
    exit.usage,
  );
}
