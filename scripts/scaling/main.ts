import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { RunFolder } from '../../src/trace/index.js';
import { baton } from '../experiment/run.js';
import { count, positive, program } from '../options.js';
import { judgesNeeded, stepOf } from './step.js';
import { type Units, unitsOf } from './units.js';

interface Given {
  weights?: string;
  verdictSeconds?: number;
  sampledPerSecond?: number;
  trainedPerSecond?: number;
  judges: number;
  workers: number;
}

const asked = program(
  'scaling',
  'Unit costs measured from a training, and what 1, 8 and 64 devices give from them.',
)
  .argument('[run]', 'folder of a training; without one, a short training of the example team is made')
  .option('--weights <folder>', "the engine's folder of that run, to tell how large a role's weights are")
  .option(
    '--verdict-seconds <seconds>',
    'a verdict of a model coach, where it is not that of contracts',
    positive,
  )
  .option('--sampled-per-second <tokens>', 'of another device', positive)
  .option('--trained-per-second <tokens>', 'of another device', positive)
  .option('--judges <count>', 'verdicts at once', count, 8)
  .option('--workers <count>', 'rollouts at once', count, 8)
  .parse();
const values = asked.opts<Given>();
const [run] = asked.args;

/** Two steps of the example team on the embedded model, with their weights. */
async function shortRun(): Promise<Units> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-scaling-'));
  try {
    cpSync('media/templates/table-team', folder, { recursive: true });
    const sizes = ['--steps', '2', '--rollouts', '16', '--eval-tasks', '1', '--select-tasks', '1'];
    const run = await baton(folder, ['train', ...sizes, '--backend', 'wasm'], (line) => console.error(line));
    const own = new RunFolder(run);
    return await unitsOf(own, join(folder, '.cache/baton/engines', own.name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const bytes = (count: number | null): string =>
  count === null
    ? 'not at hand'
    : count < 1e6
      ? `${(count / 1e3).toFixed(1)} KB`
      : `${(count / 1e6).toFixed(1)} MB`;
const line = (...cells: string[]): string => `| ${cells.join(' | ')} |`;

const measured =
  run === undefined ? await shortRun() : await unitsOf(new RunFolder(run), values.weights ?? null);
/** Rates of another device, where they are given. */
const units: Units = {
  ...measured,
  sampledPerSecond: values.sampledPerSecond ?? measured.sampledPerSecond,
  trainedPerSecond: values.trainedPerSecond ?? measured.trainedPerSecond,
};
const rates =
  units.sampledPerSecond === measured.sampledPerSecond && units.trainedPerSecond === measured.trainedPerSecond
    ? 'as fast as the one measured'
    : `that sample ${units.sampledPerSecond} and train on ${units.trainedPerSecond} tokens a second (given)`;
const { judges, workers } = values;
const verdictSeconds = values.verdictSeconds ?? units.contractSeconds;
const { actions, rollouts, roles } = units;

console.log(`Measured over ${units.steps} steps on ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB:
${line('unit', 'measured')}
${line('---', '---:')}
${line('rollouts, actions a step', `${rollouts.toFixed(0)}, ${actions.toFixed(0)}`)}
${line('roles', String(roles.length))}
${line('tokens of an action: prompt, reply', `${units.promptTokens.toFixed(0)}, ${units.replyTokens.toFixed(0)}`)}
${line('tokens sampled a second', measured.sampledPerSecond.toFixed(1))}
${line('tokens trained on a second, proofs included', measured.trainedPerSecond.toFixed(1))}
${line('seconds of an action in programs', units.programSeconds.toFixed(3))}
${line('seconds of a verdict by contracts', units.contractSeconds.toFixed(5))}
${line("bytes of a rollout's log", bytes(units.logBytes))}
${line('of these token ids and log-probabilities', bytes(units.tokenBytes))}
${line('bodies over 4 KB, a rollout', bytes(units.blobBytes))}
${line("bytes of a role's new weights", bytes(units.adapterBytes))}
${line("bytes of a role's optimiser", bytes(units.optimizerBytes))}
`);

const perStep = (count: number | null) => bytes(count === null ? null : count * roles.length);
console.log(`Moved a step, arithmetic over the units above: logs ${bytes(rollouts * (units.logBytes + units.blobBytes))}, experience to the engine ${bytes(rollouts * units.tokenBytes)}, new weights from the engine ${perStep(units.adapterBytes)} and their optimiser's state ${perStep(units.optimizerBytes)}.
`);

const from = values.verdictSeconds === undefined ? 'contracts, measured' : 'given';
console.log(`Seconds of a step, arithmetic: devices ${rates}, ${workers} workers, ${judges} verdicts at a time of ${verdictSeconds.toFixed(4)} s (${from}):
${line('devices', 'engines', 'sampling', 'programs', 'coach', 'updates', 'step', 'bound by', 'trainings side by side', 'steps an hour')}
${line('---:', '---:', '---:', '---:', '---:', '---:', '---:', '---', '---:', '---:')}`);
for (const devices of [1, 8, 64]) {
  const step = stepOf(units, { devices, workers, verdictSeconds, judges });
  const of = (value: number) => value.toFixed(1);
  const { sampling, programs, coach, updates, total, bound, sideBySide, stepsPerHour, engines } = step;
  const times = [sampling, programs, coach, updates, total].map(of);
  console.log(
    line(String(devices), String(engines), ...times, bound, String(sideBySide), stepsPerHour.toFixed(0)),
  );
}
for (const seconds of [0.5, 2, 10]) {
  const needed = [1, 8].map((devices) =>
    judgesNeeded(units, { devices, workers, verdictSeconds: seconds, judges }),
  );
  console.log(
    `\nA model coach of ${seconds} s a verdict holds rollouts up below ${needed[0]} verdicts at a time with 1 device, ${needed[1]} with 8.`,
  );
}
