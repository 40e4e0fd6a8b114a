// A person's machine, with a folder, a cache and settings of its own, and a box behind a real sshd as the target `box`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withTargets } from '../training.js';
import { type Sshd, startSshd } from './sshd.js';

export interface Machine {
  folder: string;
  sshd: Sshd;
  stop(): void;
}

/** Another machine of the same person: it knows the same box. */
export function machineOf({ target }: Sshd): string {
  const folder = mkdtempSync(join(tmpdir(), 'baton-machine-'));
  const { host, config, node, folder: there } = target;
  withTargets(
    folder,
    `targets:\n  box: {kind: ssh, host: ${host}, config: ${config}, folder: ${there}, node: ${node}}\n`,
  );
  return folder;
}

export async function startMachine(): Promise<Machine> {
  const sshd = await startSshd();
  const folder = machineOf(sshd);
  const stop = () => {
    sshd.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { folder, sshd, stop };
}
