import { expect, it } from 'vitest';
import { uncounted } from '../../../src/sandbox/counted.js';
import { remedy } from '../../../src/sandbox/remedy.js';

const podman = (rootless: boolean, cgroupVersion: string, cgroupControllers: string[] | null) => ({
  host: { cgroupVersion, cgroupControllers, security: { rootless } },
});

it('takes containers that are held to their limits', () => {
  expect(uncounted(podman(false, 'v1', ['memory', 'pids']))).toBeUndefined();
  expect(uncounted(podman(true, 'v2', ['cpu', 'memory', 'pids']))).toBeUndefined();
  expect(uncounted({ MemoryLimit: true, PidsLimit: true })).toBeUndefined();
});

it('says what would not be limited, and what to do', () => {
  const first = uncounted(podman(true, 'v1', []))!;
  expect(first).toBe('without root it cannot limit memory and pids here (cgroups v1)');
  expect(remedy('podman', first, 'python').todo[0]).toContain('bubblewrap');
  const second = uncounted(podman(true, 'v2', ['memory']))!;
  expect(second).toBe('without root it cannot limit pids here (cgroups v2)');
  expect(remedy('podman', second, 'python').todo[0]).toContain('Delegate=cpu memory pids');
  expect(uncounted({ MemoryLimit: false, PidsLimit: true })).toContain('memory');
  expect(uncounted({ MemoryLimit: true, PidsLimit: false })).toContain('pids');
});
