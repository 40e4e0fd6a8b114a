import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluateRollouts, fairUnit, succeeded, tableMeans } from '../../src/evaluation/index.js';
import type { Ended } from '../../src/rollout/index.js';
import { RunFolder } from '../../src/trace/index.js';
import { changeText } from '../../src/workflow/index.js';
import { baseFlags } from './bases.js';
import type { Setting } from './plan.js';
import type { Evaluation, Trained } from './record.js';
import { baton, bestOf, commit, curveOf, rolloutsOf, shareNative } from './run.js';

const TEST_TASKS = '60';
/** Rollouts between two rankings on select: as many choices of a checkpoint for every number of rollouts a step. */
const RANKED_EVERY = 240;

/**
 * Carry out one training with the command line, evaluate its best checkpoint and the base, and take the numbers from
 * the logs. What the base does is taken from an earlier training where base and seed are the same.
 */
export async function train(
  setting: Setting,
  earlier: readonly Trained[],
  backend: string,
  say: (text: string) => void,
): Promise<Trained> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-experiment-'));
  const start = Date.now();
  try {
    cpSync('media/templates/table-team', folder, { recursive: true });
    const { reward, rollouts, steps, seed } = setting;
    const file = join(folder, 'table-team.baton.yaml');
    const set = (name: string, value: unknown) => ({ do: 'set', path: ['training', name], value }) as const;
    const edits = [set('evaluate_every', RANKED_EVERY / rollouts)];
    writeFileSync(file, changeText(readFileSync(file, 'utf8'), edits));
    const numbers = { steps, rollouts, seed, 'eval-tasks': TEST_TASKS };
    if (backend !== 'wasm') shareNative(folder);
    const own = baseFlags(setting.wrong);
    const flags = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const run = await baton(
      folder,
      ['train', '--backend', backend, '--reward', reward, ...flags, ...own],
      say,
    );
    const trained = new RunFolder(run);
    const ended = rolloutsOf(trained);
    refuseTimeouts(ended);
    const at = (prefix: string) => ended.filter((each) => each.step.startsWith(prefix));
    const best = bestOf(trained);
    const { base: hash, backend: used } = trained.readInfo().engine as { base: string; backend: string };
    const base = hash.slice(0, 12);
    const known = earlier.find((each) => each.seed === seed && each.base === base)?.evaluations;
    const evaluations = [
      evaluation('before', 1, at('test-base')),
      evaluation('after', 1, best === 'base' ? at('test-base') : at(`test-${best}`)),
    ];
    for (const temperature of [0.6, 0])
      for (const which of ['before', 'after'] as const) {
        const same = which === 'before' || best === 'base' ? known?.find(isBase(temperature)) : undefined;
        if (same) {
          evaluations.push({ ...same, which });
          continue;
        }
        const from = `${run}:${which === 'before' ? 'base' : best}`;
        const args = ['eval', '--from', from, '--temperature', String(temperature), '--limit', TEST_TASKS];
        const folderOf = await baton(folder, [...args, '--seed', String(seed)], say);
        const measured = rolloutsOf(new RunFolder(folderOf));
        refuseTimeouts(measured);
        evaluations.push(evaluation(which, temperature, measured));
      }
    return {
      ...setting,
      commit: commit(),
      base,
      backend: used,
      minutes: Math.round((Date.now() - start) / 6000) / 10,
      evaluations,
      curve: curveOf(trained),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Programs of this team take a fraction of a second: one that runs out of time says that the machine is too busy. */
function refuseTimeouts(ended: readonly Ended[]): void {
  const late = ended.filter(({ scores }) => scores.some(({ code }) => code === 'program.timeout'));
  if (late.length > 0)
    throw new Error(
      `${late.length} of ${ended.length} rollouts ran out of time, so they tell of this machine and not of the team. Nothing is put on record; try again with less beside it.`,
    );
}

const isBase = (temperature: number) => (each: Evaluation) =>
  each.which === 'before' && each.temperature === temperature;

function evaluation(which: Evaluation['which'], temperature: number, ended: Ended[]): Evaluation {
  const stratum = new Map(ended.map((each) => [each.group, each.stratum]));
  const success = tableMeans(ended, succeeded);
  const score = tableMeans(ended, fairUnit);
  const raw = tableMeans(ended, (each) => (succeeded(each) ? fairUnit(each) : null));
  const report = evaluateRollouts(ended);
  return {
    which,
    temperature,
    tables: Object.fromEntries(
      [...success].map(([name, value]) => [
        name,
        { stratum: stratum.get(name)!, success: value, score: score.get(name)!, raw: raw.get(name) ?? null },
      ]),
    ),
    roles: Object.fromEntries(Object.entries(report.byRole).map(([role, each]) => [role, each.mean])),
    repaired: report.repaired,
  };
}
