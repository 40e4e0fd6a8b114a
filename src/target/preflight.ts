// Facts about a machine turned into findings: what works, what is missing, what to do, and which engine it will be.
import { bytesToTrain, weightsOf } from './estimate.js';
import type { MachineFacts } from './probe.js';

export interface Finding {
  what: string;
  works: boolean;
  /** nothing can be trained there without it */
  needed: boolean;
  why: string;
  todo: string[];
}

export interface Wanted {
  engine: 'tfjs' | 'torch';
  method?: 'lora' | 'full';
  base?: string | undefined;
  /** whether the environment for the torch engine is there already */
  ready?: boolean;
}

const GIB = 2 ** 30;
const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;

/** Findings for training on this machine, in the order in which a person would mend them. */
export function assess(facts: MachineFacts, wanted: Wanted): Finding[] {
  const torch = wanted.engine === 'torch';
  return [
    found('system', facts.os.startsWith('Linux'), true, `${facts.os} ${facts.arch}, ${facts.cores} cores`, [
      'Targets run on Linux; on Windows use WSL.',
    ]),
    found('node', olderThan(facts.node, [20, 12]) === false, true, facts.node || 'none', [
      'Install Node 20.12 or newer there, or name one with node: in targets.yaml.',
      'Or have one brought to a box over ssh, with nothing installed there: baton target bring-node NAME',
    ]),
    found('tar', facts.tar !== '', true, facts.tar || 'none', ['Install tar there.']),
    found('git', facts.git !== '', true, facts.git || 'none', [
      'Install git there: sudo apt-get install -y git',
    ]),
    found('sandbox', facts.sandbox !== '', false, facts.sandbox || 'bubblewrap does not work there', [
      'sudo apt-get install -y bubblewrap; in a container allow user namespaces.',
      'Without it, agents with tools do not run there.',
    ]),
    found('python', olderThan(facts.python, [3, 11]) === false, torch, facts.python || 'none', [
      'Install Python 3.11 or newer there.',
    ]),
    ...(torch && !wanted.ready ? [environment(facts)] : []),
    gpus(facts),
    ...(torch ? [room(facts, wanted)] : []),
  ];
}

function found(what: string, works: boolean, needed: boolean, why: string, todo: string[]): Finding {
  return { what, works, needed, why, todo: works ? [] : todo };
}

/** Null where there is no version at all. */
function olderThan(version: string, least: readonly [number, number]): boolean | null {
  const match = /(\d+)\.(\d+)/.exec(version);
  if (!match) return null;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major < least[0] || (major === least[0] && minor < least[1]);
}

function environment(facts: MachineFacts): Finding {
  const free = facts.disk * 1024;
  const able = facts.uv !== '' || facts.venv === 'yes';
  const enough = free > 12 * GIB;
  const todo = [
    ...(able ? [] : ['Install python3-venv (or uv) there.']),
    ...(enough
      ? []
      : ['Free disk space: PyTorch with CUDA takes about 6 GB, and as much again while it installs.']),
  ];
  const how = facts.uv ? `with ${facts.uv}` : able ? 'with venv and pip' : 'neither uv nor venv';
  return found('torch environment', able && enough, true, `made on demand, ${how}; ${gib(free)} free`, todo);
}

function gpus(facts: MachineFacts): Finding {
  const why = facts.gpus.map(
    (gpu) =>
      `${gpu.name}, ${gib(gpu.free * 2 ** 20)} of ${gib(gpu.memory * 2 ** 20)} free, driver ${gpu.driver}`,
  );
  return found('GPU', why.length > 0, false, why.join('; ') || 'none: training uses the CPU', [
    'If there is one, see what nvidia-smi says.',
  ]);
}

function room(facts: MachineFacts, wanted: Wanted): Finding {
  const gpu = facts.gpus.toSorted((a, b) => b.free - a.free)[0];
  const free = gpu ? gpu.free * 2 ** 20 : facts.memory * 1024;
  const where = gpu ? 'on the GPU' : 'in memory';
  const weights = wanted.base === undefined ? null : weightsOf(wanted.base);
  if (weights === null) {
    const why =
      wanted.base === undefined ? 'the embedded base is small' : 'its size is known after the download';
    return found('room', true, false, `${gib(free)} free ${where}; ${why}`, []);
  }
  const needs = bytesToTrain(weights.count, wanted.method ?? 'lora', gpu !== undefined);
  const about = `${weights.rough ? 'at most about ' : ''}${(weights.count / 1e6).toFixed(0)} million weights`;
  return found(
    'room',
    needs < free,
    false,
    `${about} need about ${gib(needs)} ${where}, ${gib(free)} are free`,
    [
      'Choose a smaller model, method lora, or a machine with more memory; a full device gets smaller batches, up to a point.',
    ],
  );
}

/** Whether training can start there. */
export function passes(findings: readonly Finding[]): boolean {
  return findings.every((finding) => finding.works || !finding.needed);
}
