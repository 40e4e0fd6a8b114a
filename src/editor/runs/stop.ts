import { readFileSync } from 'node:fs';
import * as l10n from '@vscode/l10n';
import { isHere, lockOwner, processStart } from '../../trace/index.js';
import type { Run } from './run.js';

/** A process this editor started, as it is remembered across windows. */
export interface Remembered {
  folder: string;
  pid: number;
  started: string;
}

/**
 * Signal the process that writes a run: it stops at the next safe place and can be resumed. A run's folder may come
 * from anybody, so its lock alone never names a process to signal: it must be one that we started, or one whose
 * command line is Baton's.
 */
export function stopRun(
  run: Run,
  remembered: readonly Remembered[],
): { asked: number } | { refused: string } {
  const owner = lockOwner(run.folder.lock);
  if (!owner) return { refused: l10n.t('Nothing is running it any more.') };
  if (!isHere(owner)) return { refused: l10n.t('It runs on {0}; cancel it there.', owner.host) };
  const ours = remembered.some(
    ({ folder, pid, started }) =>
      folder === run.folder.path && pid === owner.pid && started === processStart(pid),
  );
  if (!ours && !isBaton(owner.pid))
    return {
      refused: l10n.t('Its lock names process {0}, which is not Baton; nothing was stopped.', owner.pid),
    };
  process.kill(owner.pid, 'SIGTERM');
  return { asked: owner.pid };
}

function isBaton(pid: number): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return (
      words.some((word) => /(^|\/)(cli\.mjs|baton)$/.test(word)) &&
      words.some((word) => ['run', 'resume', 'train', 'eval', 'fork'].includes(word))
    );
  } catch {
    return false;
  }
}
