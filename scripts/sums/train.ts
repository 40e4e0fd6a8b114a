import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { type Ended, evaluateRollouts, succeeded, tableMeans } from '../../src/evaluation/index.js';
import { RunFolder } from '../../src/trace/index.js';
import { baton, bestOf, commit, curveOf, rolloutsOf } from '../experiment/run.js';
import type { Evaluation, Trained, Wanted } from './record.js';

/** Train the team once over a model folder, and take what it reached on held-out tasks from the run's log. */
export async function train(
  wanted: Wanted,
  { folder: model, evalTasks, selectTasks }: { folder: string; evalTasks: number; selectTasks: number },
  say: (text: string) => void,
): Promise<Trained> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-sums-'));
  const start = Date.now();
  try {
    cpSync('media/templates/sums', folder, { recursive: true });
    const { seed, steps, rollouts } = wanted;
    const numbers = { seed, steps, rollouts, 'eval-tasks': evalTasks, 'select-tasks': selectTasks };
    const flags = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const run = new RunFolder(await baton(folder, ['train', '--base', model, ...flags], say));
    const ended = rolloutsOf(run);
    const best = bestOf(run);
    const { base, backend } = run.readInfo().engine as { base: string; backend: string };
    const at = (name: string) => evaluation(ended.filter((each) => each.step === `test-${name}`));
    return {
      ...wanted,
      base: base.slice(0, 12),
      best,
      hardware: hardware(backend),
      commit: commit(),
      minutes: Math.round((Date.now() - start) / 6000) / 10,
      before: at('base'),
      after: at(best),
      curve: curveOf(run),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function evaluation(ended: readonly Ended[]): Evaluation {
  const { byRole } = evaluateRollouts(ended);
  return {
    tasks: Object.fromEntries(tableMeans(ended, succeeded)),
    // A role that was blocked or cut everywhere has no mean.
    roles: Object.fromEntries(
      Object.entries(byRole).flatMap(([role, { mean }]) => (Number.isFinite(mean) ? [[role, mean]] : [])),
    ),
  };
}

function hardware(backend: string): string {
  const cores = cpus();
  const model = cores[0]?.model.trim() || 'unnamed CPU';
  return `${backend}; ${cores.length} cores (${model}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
}
