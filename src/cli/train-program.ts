import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { findTarget, jobName, type SshTarget, targetsFile } from '../target/index.js';
import { rolloutsAtATime } from '../training/index.js';
import { capFlags, editorFlag, engineChoice, list, sandboxChoice, whole } from './arguments.js';
import { compareCommand } from './compare.js';
import { engineFor, overBaseOf, overItsBase, playableRoles, type RunningEngine } from './engine.js';
import { engineThere } from './engine-there.js';
import { findRun } from './find-run.js';
import { nobodyLearns, notBeside, promotedBeside, rolesOf, serveBeside, staysHere } from './frozen.js';
import { openWorkflow } from './open-workflow.js';
import { cacheFolder } from './places.js';
import { runName } from './start-run.js';
import { exit, Failure, type Terminal } from './terminal.js';
import { type TrainOptions, type TrainPlace, trainCommand } from './train-command.js';
import { mustPass, refuseBaseBeside, trainThere } from './train-there.js';

type TrainCall = TrainOptions & {
  allowEnv: string[];
  target?: string;
  detach?: boolean;
  /** Chosen by who started this on another machine. */
  runName?: string;
};

/** `train` and `compare`. */
export function trainingCommands(
  root: Command,
  terminal: () => Terminal,
  done: (code: number) => void,
): void {
  capFlags(engineChoice(root.command('train [file]')))
    .description("train each role's own weights from the coach's scores, then measure on held-out tasks")
    .option('--json', 'write JSON to stdout and nothing else there')
    .option('--steps <n>', 'training steps', whole(1))
    .option('--rollouts <n>', 'rollouts a step', whole(1))
    .option('--seed <n>', "where all random numbers start, in place of the file's training.seed", whole(0))
    .option('--concurrency <n>', 'rollouts at a time', whole(1), rolloutsAtATime)
    .option('--eval-tasks <n>', 'held-out tasks to measure on, before and after', whole(1), 60)
    .option('--select-tasks <n>', 'tasks to rank checkpoints on', whole(1), 30)
    .addOption(sandboxChoice())
    .option('--python <path>', 'the Python that agents use')
    .option('--roles <names>', 'train only these roles', list)
    .addOption(
      new Option(
        '--reward <kind>',
        "what an action is rewarded with, in place of the file's training.reward",
      ).choices(['action', 'outcome', 'shuffled']),
    )
    .option('--deterministic', 'the same seed gives the same weights on the same machine')
    .option('--allow-env <names>', 'environment variables the workflow may read', list, [])
    .addOption(editorFlag())
    .option('--target <name>', 'train on a machine of your targets (baton target list)')
    .option('--detach', 'with --target: start it there and return')
    .addOption(new Option('--run-name <name>').hideHelp())
    .action(async (file: string | undefined, { runName: given, detach, target, ...options }: TrainCall) => {
      const on = target === undefined ? null : findTarget(targetsFile(), target);
      const here = on?.kind === 'ssh' && on.placement === 'here';
      if (target !== undefined && !here) {
        done(await trainThere(terminal(), file, { ...options, target, ...(detach ? { detach } : {}) }));
        return;
      }
      const opened = await openWorkflow(file, {
        allowEnv: options.allowEnv,
        embeddedRoles: playableRoles(options),
        base: options.base,
      });
      if (target !== undefined) {
        refuseBaseBeside(opened.workflow, options, target);
        await mustPass(terminal(), target, options, opened.workflow);
        const stays = staysHere(opened.workflow, options.roles, target);
        if (stays) terminal().note(stays);
        options.engineOn = target;
      }
      const { allowEnv, ...chosen } = options;
      done(
        await trainWith(
          terminal(),
          {
            opened,
            ...(given ? { name: jobName.parse(given), awaited: true } : { name: runName('train') }),
            allowEnv,
          },
          chosen,
        ),
      );
    });
  root
    .command('compare <run-a> <run-b>')
    .description('compare two runs, paired by table')
    .option('--json', 'write JSON to stdout and nothing else there')
    .action((a: string, b: string) => {
      compareCommand(terminal(), findRun(a), findRun(b));
      done(exit.fine);
    });
}

/** Bring the engine up over the run's own folder of weights, and train. */
export async function trainWith(
  out: Terminal,
  place: Omit<TrainPlace, 'engine'>,
  given: TrainOptions,
): Promise<number> {
  const { workflow } = place.opened;
  rolesOf(workflow, given.roles);
  // A run that goes on keeps to what it began with.
  const promoted =
    given.promoted ?? (place.resume || given.engineOn ? {} : promotedBeside(workflow, given.roles));
  const options = { ...overBaseOf(workflow, given), promoted };
  const deterministic = options.deterministic ?? workflow.training.deterministic;
  const dir = join(cacheFolder(), 'engines', place.name);
  const choice = { ...options, deterministic };
  const beside = serveBeside(workflow, promoted, dir, choice);
  const starting = options.engineOn
    ? engineThere(out, boxOf(options.engineOn), place.name, choice)
    : engineFor(workflow, dir, choice);
  const engine = await (beside
    ? overItsBase(starting, () => notBeside(beside, 'over another base'))
    : starting);
  if (!engine) throw nobodyLearns();
  try {
    return await trainCommand(out, { ...place, engine }, options);
  } catch (error) {
    throw (await lostMeanwhile(engine)) ?? error;
  } finally {
    await engine.stop();
  }
}

/** Whether the link to an engine is gone. A call fails at once, and the process that carried it is missed later. */
function lostMeanwhile({ gone }: RunningEngine): Promise<Failure | null> {
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), 2000).unref());
  return gone ? Promise.race([gone, late]) : Promise.resolve(null);
}

/** The box of a name. Throws where it is another kind of target by now. */
function boxOf(name: string): SshTarget {
  const target = findTarget(targetsFile(), name);
  if (target.kind === 'ssh') return target;
  throw new Failure('target.kind', `${name} is no box behind ssh any more.`, exit.usage);
}
