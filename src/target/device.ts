// What a training computes on: GPUs, their driver, and the engine that uses them.
import { engineOf, type Finding, found, gib, olderThan, type Wanted } from './finding.js';
import { wheelsCuda } from './local/environment.js';
import type { MachineFacts } from './probe.js';

/** PyTorch for one CUDA works with any driver of the same major version or newer. The user's own may be an older one. */
const leastCuda = ({ ready }: Wanted): number => (ready === 'own' ? 12 : wheelsCuda);

const tooOld = (facts: MachineFacts, wanted: Wanted): boolean =>
  engineOf(wanted) === 'torch' && olderThan(facts.cuda, [leastCuda(wanted), 0]) === true;

/** The GPU with the most free memory, of those that the torch engine can use. */
export function usableGpu(facts: MachineFacts, wanted: Wanted): MachineFacts['gpus'][number] | undefined {
  return tooOld(facts, wanted) ? undefined : facts.gpus.toSorted((a, b) => b.free - a.free)[0];
}

/** The GPUs, their driver and its CUDA. */
export function gpus(facts: MachineFacts, wanted: Wanted): Finding {
  const each = facts.gpus.map(
    (gpu) =>
      `${gpu.name}, ${gib(gpu.free * 2 ** 20)} of ${gib(gpu.memory * 2 ** 20)} free, driver ${gpu.driver}`,
  );
  if (each.length === 0)
    return found('GPU', false, false, 'none: training uses the CPU', [
      'If there is one, see what nvidia-smi says.',
    ]);
  const cuda = facts.cuda ? `CUDA up to ${facts.cuda}` : 'which CUDA it supports is not known';
  const least = leastCuda(wanted);
  const old = tooOld(facts, wanted);
  const why = `${each.join('; ')}, ${cuda}${old ? `: older than PyTorch needs (${least}.0), so training uses the CPU` : ''}`;
  return found('GPU', !old, false, why, [
    `Update the driver there to one for CUDA ${least}.0 or newer.`,
    ...(wanted.ready === 'own'
      ? []
      : [
          `Or name a Python with a PyTorch for an older CUDA: ${wanted.placement ? 'engine_python: in targets.yaml' : '--engine-python'}.`,
        ]),
  ]);
}

/** Which engine trains and on what, and why. */
export function whichEngine(facts: MachineFacts, wanted: Wanted): string {
  const engine = engineOf(wanted);
  const because = wanted.engine
    ? 'asked for'
    : wanted.base === undefined
      ? 'no base model is named; with --base MODEL it is torch'
      : 'a base model is named';
  if (engine === 'tfjs') return `tfjs (${because}); its backend is chosen when it starts`;
  const cpu = facts.gpus.length === 0 ? 'there is no GPU' : "the GPU's driver is too old";
  return `torch (${because}), on the ${usableGpu(facts, wanted) ? 'GPU' : `CPU: ${cpu}`}`;
}
