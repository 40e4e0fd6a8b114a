// Whether a training has room: on the disk, in memory and on the GPU.
import type { Base } from './base.js';
import { usableGpu } from './device.js';
import { bytesToKeep, bytesToTrain, passTokens } from './estimate.js';
import { engineOf, type Finding, found, GIB, gib, type Wanted } from './finding.js';
import type { MachineFacts } from './probe.js';

/** PyTorch with CUDA, and as much again while it is installed. */
const ENVIRONMENT = 12 * GIB;
/** The program, the logs and workspaces of a run, and small weights. */
const JOB = 0.1 * GIB;

/**
 * What a job writes: itself, an environment where there is none, and the versions of each role. These are counted
 * roughly, and keep no job from being sent.
 */
export function disk(facts: MachineFacts, wanted: Wanted, base: Base): Finding {
  const torch = engineOf(wanted) === 'torch';
  const making = torch && !wanted.ready;
  const { method = 'lora', roles = 1, steps = 0 } = wanted;
  const versions = torch ? bytesToKeep(countOf(base), { method, roles, steps }) : 0;
  const sure = JOB + (making ? ENVIRONMENT : 0);
  const needs = sure + versions;
  const [free, runs] = [facts.disk * 1024, facts.runs === undefined ? undefined : facts.runs * 1024];
  const why = [
    `${gib(free)} free ${runs === undefined ? 'where jobs and the cache lie' : 'where the cache lies'}`,
    ...(runs === undefined ? [] : [`${gib(runs)} where runs lie`]),
    `a job needs about ${gib(needs)}${making ? ' until the environment is made' : ''}`,
    ...(versions > sure && steps > 0
      ? [`most of it weights, of which each of ${steps} steps keeps its own`]
      : []),
    ...(base.is === 'hub' ? ['and what is downloaded'] : []),
  ].join(', ');
  const lacks = free < sure || (runs ?? JOB) < JOB;
  return found('disk', !lacks && free >= needs, lacks || versions === 0, why, [
    'Free disk space there: baton jobs remove JOB, baton policies --gc.',
    ...(making ? ['PyTorch with CUDA takes about 6 GB, and as much again while it installs.'] : []),
    ...(wanted.placement
      ? ['Or name a folder on a larger disk: folder: in targets.yaml.']
      : ['Or name a cache on a larger disk: XDG_CACHE_HOME.']),
  ]);
}

/** What the processes take beside the model, and the base while it is brought to a GPU. */
export function memory(facts: MachineFacts, wanted: Wanted, base: Base): Finding {
  const torch = engineOf(wanted) === 'torch';
  const loading = torch && usableGpu(facts, wanted) ? countOf(base) * 2 : 0;
  const needs = (torch ? 3 : 1) * GIB + loading;
  const free = facts.memory * 1024;
  return found(
    'memory',
    free >= needs,
    false,
    `${gib(free)} free, loop and engine take about ${gib(needs)}${loading > 0 ? ' while the base is loaded' : ''}`,
    ['End other programs there, lower --concurrency, or take a machine with more memory.'],
  );
}

/** Weights of the base as far as they are known, else none. */
const countOf = (base: Base): number => (base.is === 'found' ? base.weights?.count : undefined) ?? 0;

/** Whether model, roles and batch fit. Nothing is said of a base that cannot be loaded. */
export function room(facts: MachineFacts, wanted: Wanted, base: Base): Finding[] {
  const gpu = usableGpu(facts, wanted);
  const free = gpu ? gpu.free * 2 ** 20 : facts.memory * 1024;
  const where = gpu ? 'on the GPU' : 'in memory';
  if (base.is === 'shipped')
    return [found('room', true, false, `${gib(free)} free ${where}; the embedded base is small`, [])];
  if (base.is === 'hub') {
    const why = `${gib(free)} free ${where}; how large ${wanted.base} is is not known before it is downloaded, so that it fits is not shown`;
    return [found('room', true, false, why, [])];
  }
  if (base.is === 'missing' || !base.weights) return [];
  const { count, rough } = base.weights;
  const { method = 'lora', roles = 1 } = wanted;
  const needs = bytesToTrain(count, { method, roles, gpu: gpu !== undefined });
  const all = needs.model + needs.batch;
  const why = [
    `${rough ? 'at most about ' : ''}${(count / 1e6).toFixed(0)} million weights need about ${gib(all)} ${where}`,
    `${gib(needs.model)} with ${method} for ${roles} ${roles === 1 ? 'role' : 'roles'}`,
    `${gib(needs.batch)} for a batch of ${passTokens(gpu !== undefined)} tokens`,
    `${gib(free)} are free`,
  ].join(', ');
  const smaller =
    needs.model < free
      ? 'The model fits: a full device gets smaller batches, down to one sequence, and is slower.'
      : 'Choose a smaller model, or a machine with more memory.';
  return [
    found('room', all < free, false, why, [
      smaller,
      ...(method === 'full' ? ['Or train adapters: --method lora.'] : []),
    ]),
  ];
}
