// What GPUs this machine has, as its driver tells.
import { spawnSync } from 'node:child_process';

export interface Gpu {
  readonly name: string;
  /** MiB */
  readonly memory: number;
  readonly free: number;
  readonly driver: string;
}

/** Lines of `nvidia-smi --query-gpu=name,memory.total,memory.free,driver_version --format=csv,noheader,nounits`. */
export function parseGpus(text: string): Gpu[] {
  return text
    .split('\n')
    .map((line) => line.split(',').map((part) => part.trim()))
    .filter((parts) => parts.length === 4 && Number.isFinite(Number(parts[1])))
    .map(([name, memory, free, driver]) => ({
      name: name!,
      memory: Number(memory),
      free: Number(free),
      driver: driver!,
    }));
}

export const gpuQuery = [
  '--query-gpu=name,memory.total,memory.free,driver_version',
  '--format=csv,noheader,nounits',
] as const;

/** For sed: the version in the header of plain `nvidia-smi`, "CUDA Version: 12.4". */
export const cudaInHeader = String.raw`s/.*CUDA [A-Za-z ]*: *\([0-9][0-9.]*\).*/\1/p`;

/** GPUs of this machine; none where there is no driver. */
export function localGpus(): Gpu[] {
  const asked = spawnSync('nvidia-smi', [...gpuQuery], { encoding: 'utf8', timeout: 20_000 });
  return asked.status === 0 ? parseGpus(asked.stdout) : [];
}

export function hasGpu(): boolean {
  return localGpus().length > 0;
}
