// Whether containers are held to their limits here: without root, Podman and Docker leave a limit out with a warning
// where the kernel's cgroups are not theirs to use.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';

const podmanInfo = z.object({
  host: z.object({
    cgroupVersion: z.string(),
    cgroupControllers: z.array(z.string()).nullable(),
    security: z.object({ rootless: z.boolean() }),
  }),
});
const dockerInfo = z.object({ MemoryLimit: z.boolean().optional(), PidsLimit: z.boolean().optional() });

/** What `podman info` or `docker info` says of limits: undefined where they hold, else what does not. Pure. */
export function uncounted(info: unknown): string | undefined {
  const podman = podmanInfo.safeParse(info).data?.host;
  if (podman !== undefined) {
    if (!podman.security.rootless) return undefined;
    const missing = ['memory', 'pids'].filter((name) => !podman.cgroupControllers?.includes(name));
    return missing.length === 0
      ? undefined
      : `without root it cannot limit ${missing.join(' and ')} here (cgroups ${podman.cgroupVersion})`;
  }
  const docker = dockerInfo.safeParse(info).data;
  if (docker?.MemoryLimit === false) return 'its service cannot limit memory here';
  if (docker?.PidsLimit === false) return 'its service cannot limit pids here';
  return undefined;
}

/** @throws Error where a container's limits would not be kept, or the tool cannot be asked. */
export async function needLimits(tool: 'docker' | 'podman'): Promise<void> {
  const { stdout } = await promisify(execFile)(tool, ['info', '--format', '{{json .}}'], { timeout: 60_000 });
  const problem = uncounted(JSON.parse(stdout));
  if (problem !== undefined) throw new Error(problem);
}
