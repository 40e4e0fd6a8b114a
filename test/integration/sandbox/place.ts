// What every hostile case works with: a sandbox, folders of its own, and ways to say what must hold.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finished, Limits, Sandbox } from '../../../src/sandbox/index.js';

export const limits: Limits = { seconds: 10, memoryMb: 256, processes: 16, diskMb: 16, outputKb: 16 };

export interface Place {
  sandbox: Sandbox;
  workspace: string;
  /** A host folder that no program may see or change. */
  host: string;
  python(program: string, more?: Partial<Limits>): Promise<Finished>;
}

export interface Case {
  name: string;
  /** Rejects with what did not hold. */
  run(place: Place): Promise<void>;
}

export function placeFor(sandbox: Sandbox): Place {
  const folder = mkdtempSync(join(tmpdir(), 'baton-hostile-'));
  const workspace = join(folder, 'workspace');
  const host = join(folder, 'host');
  mkdirSync(workspace);
  mkdirSync(host);
  return {
    sandbox,
    workspace,
    host,
    python: (program, more = {}) =>
      sandbox.run({ workspace, run: { python: program }, limits: { ...limits, ...more } }),
  };
}

export function must(holds: boolean, what: string, seen?: unknown): void {
  if (!holds) throw new Error(seen === undefined ? what : `${what}; seen: ${JSON.stringify(seen)}`);
}

export function mustEnd(finished: Finished, outcome: Finished['outcome']): void {
  must(finished.outcome === outcome, `the outcome must be ${outcome}`, {
    ...finished,
    stdout: finished.stdout.text.slice(-300),
    stderr: finished.stderr.text.slice(-300),
  });
}

/** Host pids whose command line holds `mark`. */
export function processesWith(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark);
      } catch {
        return false;
      }
    });
}
