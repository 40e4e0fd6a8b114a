import { resolveKey } from '../policy/index.js';
import { Box, Cluster, type JobHost, type RayTarget, type Target } from '../target/index.js';
import { userKeys } from './keys.js';
import { shipped } from './places.js';
import { exit, Failure } from './terminal.js';

/** Connect to a target. Rejects with what is wrong and what to do. */
export async function openHost(target: Target): Promise<JobHost> {
  return target.kind === 'ssh' ? Box.open(target) : openCluster(target);
}

/** Connect to a Ray cluster, with the user's token where the target names one. */
export function openCluster(target: RayTarget): Promise<Cluster> {
  const found = target.token
    ? resolveKey(target.token, target.address, { secrets: userKeys(), env: process.env, allowEnv: [] })
    : { key: null };
  if ('missing' in found) throw new Failure('target.token', found.missing, exit.environment);
  return Cluster.open(target, found.key, shipped('dist/ray'));
}
