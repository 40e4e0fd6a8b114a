import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readLog } from '../trace/index.js';
import { bestCheckpoint, savedCheckpoints } from '../training/index.js';
import { findBase, keptIn } from './base-place.js';
import type { EngineChoice } from './engine.js';
import { findRun } from './find-run.js';
import { cacheFolder } from './places.js';
import { chosenFor } from './started-here.js';
import { exit, Failure } from './terminal.js';

/** Weights that a training run left behind. */
export interface Weights {
  /** `run:checkpoint`, as it is kept in the run that uses it. */
  from: string;
  run: string;
  /** The folder whose run it is. */
  home: string;
  checkpoint: string;
  policies: Record<string, string>;
  /** Where the engine keeps them. */
  dir: string;
  /** The engine that trained them. */
  choice: EngineChoice;
}

/** The checkpoint a user means by `run` (its best) or `run:checkpoint`. `given`: a base that was named at the command. */
export function findWeights(wanted: string, given?: string): Weights {
  const at = wanted.lastIndexOf(':');
  const [run, name] = at > 1 ? [wanted.slice(0, at), wanted.slice(at + 1)] : [wanted, null];
  const folder = findRun(run);
  if (folder.readInfo().kind !== 'train')
    throw new Failure(
      'run.not-training',
      `${folder.name} did not train anything; name a training run.`,
      exit.usage,
    );
  const saved = savedCheckpoints(readLog(folder.log).events);
  const found = name === null ? bestCheckpoint(saved) : saved.find((each) => each.name === name);
  if (!found)
    throw new Failure(
      'checkpoint.unknown',
      `${folder.name} has ${name === null ? 'no checkpoint yet' : `no checkpoint "${name}"; it has ${saved.map((each) => each.name).join(', ') || 'none'}`}.`,
      exit.usage,
    );
  const dir = join(cacheFolder(), 'engines', folder.name);
  if (!existsSync(dir))
    throw new Failure(
      'weights.missing',
      `The weights of ${folder.name} are not on this machine (${dir}); evaluate it where it was trained.`,
      exit.environment,
    );
  const { engine, method, sampler, vllmMemory } = folder.readInfo().options as EngineChoice;
  const base = given ?? findBase(keptIn(folder), folder.home, folder.name);
  const enginePython = chosenFor(folder).enginePython ?? undefined;
  const choice = { engine, base, method, enginePython, sampler, vllmMemory };
  return {
    from: `${folder.path}:${found.name}`,
    run: folder.name,
    home: folder.home,
    checkpoint: found.name,
    policies: found.policies,
    dir,
    choice,
  };
}
