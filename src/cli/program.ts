import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { installGpu, installNative, promotedBase } from '../engine/index.js';
import { type Caps, capsAmong } from '../rollout/index.js';
import { readLog } from '../trace/index.js';
import { formatProblem, isError, jsonSchema, withOwnWeights } from '../workflow/index.js';
import { keptAlone } from './alone.js';
import { baseFlag, capFlags, editorFlag, list, notNegative, sandboxChoice, whole } from './arguments.js';
import { baseAgain } from './base-place.js';
import { controlCommands } from './control-program.js';
import { doctorCommand } from './doctor.js';
import { noteDamage } from './ended.js';
import { choiceIn, engineFor, otherBase, overBaseOf, overItsBase, playableRoles } from './engine.js';
import { engineCommand } from './engine-program.js';
import { findWeights } from './eval.js';
import { findRun } from './find-run.js';
import { grouped } from './help.js';
import { initCommand } from './init.js';
import { lookCommands } from './look-program.js';
import { checkHere, findWorkflow, type Opened, openRecorded, openWorkflow } from './open-workflow.js';
import { overruleCommand } from './overrule.js';
import { cacheFolder } from './places.js';
import { policyCommands, registryOf } from './policy-program.js';
import { type RunOptions, runCommand } from './run-command.js';
import { type ScoreOptions, scoreCommand } from './score.js';
import { secretCommands } from './secret-program.js';
import { shardCommand } from './shard.js';
import { chosenFor, unsaidWords } from './started-here.js';
import { targetCommands } from './target-program.js';
import { commandName, exit, Failure, Terminal } from './terminal.js';
import type { TrainOptions } from './train-command.js';
import { trainingCommands, trainWith } from './train-program.js';
import { version } from './version.js';

/** Parse the arguments, carry the command out, and return its exit code. */
export async function program(argv: readonly string[]): Promise<number> {
  let code: number = exit.fine;
  const root = new Command('baton')
    .description(
      'Run teams of agents on your tasks, see which action of which role broke the work, and train each role.',
    )
    .version(version())
    .option('--json', 'write JSON to stdout and nothing else there')
    .showHelpAfterError('(baton --help lists the commands)')
    .exitOverride();
  const terminal = () =>
    new Terminal(root.opts<{ json?: boolean }>().json === true || argv.includes('--json'));
  const done = (result: number) => {
    code = result;
  };

  json(root.command('check [file]'))
    .description('check a workflow file and everything it names')
    .option('--allow-env <names>', 'environment variables it may read beside BATON_*', list, [])
    .action(async (file: string | undefined, { allowEnv }: { allowEnv: string[] }) => {
      const out = terminal();
      const found = findWorkflow(file);
      const { problems, workflow } = await checkHere(found, { allowEnv, embeddedRoles: actingRoles(found) });
      out.emit({ problems: problems.map(({ fix: _, instead: __, missing: ___, ...problem }) => problem) });
      for (const problem of problems) out.say(formatProblem(problem));
      if (workflow) out.say(problems.length === 0 ? 'No problems.' : 'It can be run.');
      done(problems.some(isError) ? exit.problems : exit.fine);
    });

  runFlags(json(root.command('run [file]')))
    .description('run tasks through the team, judge every action, say who broke the work')
    .addOption(new Option('--shard <file>', 'carry the rollouts of a shard').hideHelp())
    .action(async (file: string | undefined, { shard, ...options }: RunOptions & { shard?: string }) =>
      done(
        shard !== undefined
          ? await shardCommand(terminal(), shard)
          : await startRunning(
              terminal(),
              await openWorkflow(file, {
                allowEnv: options.allowEnv,
                embeddedRoles: actingRoles(findWorkflow(file), options.base),
                base: options.base,
              }),
              { ...options, caps: capsAmong(options) },
            ),
      ),
    );

  runFlags(json(root.command('eval [file]')))
    .description(
      'run a split (test, where none is named) with the base or with trained weights; means with intervals',
    )
    .option('--from <run>', 'trained weights: a training run (its best checkpoint) or run:checkpoint')
    .option('--temperature <t>', 'for every agent; 0 is greedy', notNegative)
    .action(async (file: string | undefined, options: RunOptions) => {
      const { from, base } = options;
      const embeddedRoles =
        from === undefined
          ? actingRoles(findWorkflow(file), base)
          : playableRoles(findWeights(from, base).choice);
      const given = { allowEnv: options.allowEnv, embeddedRoles, base };
      const opened =
        file === undefined && options.from !== undefined
          ? openRecorded(findRun(options.from.replace(/:[^/:]*$/, '')), given)
          : await openWorkflow(file, given);
      done(
        await startRunning(terminal(), opened, {
          ...options,
          caps: capsAmong(options),
          kind: 'eval',
          split: options.split ?? (options.tasks ? undefined : 'test'),
        }),
      );
    });

  capFlags(json(root.command('resume [run]')))
    .description('go on with a run that was stopped; nothing that was answered is bought again')
    .option(
      '--failed',
      "carry rollouts again that failed, of no agent's doing, from what they have on record",
    )
    .option('--fail-under <percent>', 'as of run; as it was started', notNegative)
    .option('--concurrency <n>', 'rollouts at a time; a training as it was started, else 8', whole(1))
    .option('--allow-env <names>', 'environment variables the workflow may read', list, [])
    .addOption(sandboxChoice().default(undefined, 'as it was started here, else auto'))
    .option('--python <path>', 'the Python that agents use; as it was started here')
    .option('--engine-python <path>', "a Python that has the torch engine's packages; as it was started here")
    .addOption(editorFlag())
    .action(async (name: string | undefined, options: ResumeOptions) => {
      const folder = findRun(name);
      const info = folder.readInfo();
      noteDamage(terminal(), folder.name, readLog(folder.log));
      const { sandbox, python, enginePython } = options;
      const chosen = chosenFor(folder, { sandbox, python, enginePython });
      const own = {
        sandbox: chosen.sandbox,
        python: chosen.python ?? undefined,
        enginePython: chosen.enginePython ?? undefined,
      };
      const unsaid = unsaidWords(chosen);
      if (unsaid) terminal().note(unsaid);
      // What it began with could act.
      const base = baseAgain(folder);
      const opened = openRecorded(folder, { allowEnv: options.allowEnv, embeddedRoles: undefined, base });
      const caps = capsAmong(options);
      if (info.kind === 'train') {
        if (options.failed)
          throw new Failure(
            'run.training',
            `${folder.name} is a training: its steps were taken without the rollouts that failed. Leave out --failed.`,
            exit.usage,
          );
        const place = { opened, name: folder.name, allowEnv: options.allowEnv, resume: folder, caps };
        const begun = { ...(info.options as unknown as TrainOptions), base };
        const { concurrency = begun.concurrency } = options;
        done(await trainWith(terminal(), place, { ...begun, ...own, concurrency }));
        return;
      }
      const kept = Object.fromEntries(
        Object.entries(info.options).filter(([, value]) => value !== null),
      ) as unknown as Pick<
        RunOptions,
        'samples' | 'split' | 'limit' | 'temperature' | 'from' | 'promoted' | 'failUnder'
      >;
      const again: RunOptions = {
        ...kept,
        base,
        kind: info.kind,
        seed: info.seed,
        sandbox: own.sandbox,
        python: own.python,
        concurrency: options.concurrency ?? 8,
        allowEnv: options.allowEnv,
        editor: options.editor,
        tasks: info.tasks,
        promoted: kept.promoted ?? {},
        alone: undefined,
        kept: keptAlone(info),
        resume: folder,
        failed: options.failed,
        failUnder: options.failUnder ?? kept.failUnder,
        caps,
      };
      done(await startRunning(terminal(), opened, again));
    });

  capFlags(json(root.command('score [run]')))
    .description('judge an old run again, without generating anything again')
    .option(
      '--coach <name>',
      'a model of the workflow that judges, or contracts; else the coach of the workflow',
    )
    .option('--allow-env <names>', 'environment variables the workflow may read', list, [])
    .action(async (run: string | undefined, options: ScoreOptions) =>
      done(await scoreCommand(terminal(), findRun(run), options)),
    );
  json(root.command('overrule <run> <rollout> <action>'))
    .description("give an action your own score; it counts over every judge's")
    .requiredOption('--score <n>', '0 to 10, or null: nothing to judge here')
    .requiredOption('--reason <text>', 'why; it is kept')
    .option('--author <name>', 'who says so; else your user name')
    .action(async (run: string, rollout: string, action: string, given) =>
      done(await overruleCommand(terminal(), findRun(run), rollout, action, given)),
    );
  json(root.command('init [folder]'))
    .description('write the smallest workflow that runs, or copy a template')
    .option('--template <name>', 'blank, or the name of a template')
    .option('--model <name>', 'one of the models that answer on this machine')
    .action(async (folder, options) => done(await initCommand(terminal(), folder, options)));
  json(root.command('doctor'))
    .description('what works on this machine, what is missing and how to get it')
    .option('--install-native', 'build the native CPU binding of TensorFlow into the cache (hundreds of MB)')
    .option(
      '--install-gpu',
      'install @tensorflow/tfjs-node-gpu into the cache (needs an NVIDIA GPU with CUDA)',
    )
    .action(async (options: { installNative?: boolean; installGpu?: boolean }) => {
      const out = terminal();
      const installers = [options.installNative && installNative, options.installGpu && installGpu];
      for (const install of installers)
        if (install)
          await install((step) => out.note(step)).catch((error: Error) => {
            throw new Failure(
              'install.failed',
              `${error.message}\nNothing was changed; the embedded engine still has WebAssembly.`,
              exit.environment,
            );
          });
      done(await doctorCommand(out));
    });
  root
    .command('schema')
    .description("write the workflow file's JSON Schema")
    .action(() => {
      process.stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
    });
  secretCommands(root, json, terminal, done);
  trainingCommands(root, terminal, done);
  engineCommand(root, done);
  controlCommands(root, json, terminal, done);
  targetCommands(root, json, terminal, done);
  policyCommands(root, json, terminal, done);
  lookCommands(root, json, terminal, done);
  grouped(root);

  try {
    await root.parseAsync(argv as string[]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exit.fine;
    // Its words stand on stderr already, or the help does.
    const message =
      error.code === 'commander.help'
        ? `Name a command; ${commandName()} --help lists them.`
        : error.message.replace(/^error: /, '');
    terminal().emit({ error: { code: 'usage', message } });
    return exit.usage;
  }
  return code;
}

function json(command: Command): Command {
  return command.option('--json', 'write JSON to stdout and nothing else there');
}

interface ResumeOptions extends Caps {
  sandbox?: string;
  python?: string;
  enginePython?: string;
  concurrency?: number;
  allowEnv: string[];
  editor?: boolean;
  failed?: boolean;
  failUnder?: number;
}

function runFlags(command: Command): Command {
  return capFlags(command)
    .addOption(
      new Option('--split <name>', 'only the tasks of one split').choices(['train', 'select', 'test']),
    )
    .option('--tasks <ids>', 'only these tasks', list)
    .option('--limit <n>', 'at most this many tasks', whole(1))
    .option(
      '--alone <role>',
      'only this role acts anew: the others say again what they wrote in an earlier run',
    )
    .option('--like <run>', 'with --alone: that run; else the newest')
    .option('--samples <n>', 'rollouts per task', whole(1), 1)
    .option('--concurrency <n>', 'rollouts at a time', whole(1), 8)
    .option('--seed <n>', 'where all random numbers start', whole(0), 1)
    .addOption(baseFlag())
    .addOption(sandboxChoice())
    .option('--python <path>', 'the Python that agents use')
    .option('--allow-env <names>', 'environment variables the workflow may read', list, [])
    .addOption(editorFlag())
    .option('--hold', 'wait before the first action until somebody attaches and lets it go on')
    .option(
      '--fail-under <percent>',
      'exit 1 where fewer rollouts succeed, 3 where some came to no end',
      notNegative,
    );
}

/** Roles that can act in a folder: any, where those that were promoted there act over another base. */
function actingRoles(file: string, base?: string): readonly string[] | undefined {
  return playableRoles({ base: base ?? promotedBase(dirname(file)) });
}

async function startRunning(out: Terminal, opened: Opened, options: RunOptions): Promise<number> {
  const { workflow } = opened;
  const { from, base } = options;
  const weights = from === undefined ? null : findWeights(from, base);
  const own = join(cacheFolder(), 'engines', `run-${process.pid}-${Date.now()}`);
  // A run that goes on keeps to what it began with.
  const registry = registryOf(workflow.folder);
  const promoted = weights
    ? {}
    : (options.promoted ?? registry.acting(withOwnWeights(workflow).map(({ name }) => name)));
  const over = registry.serve(promoted, own);
  const choice = weights?.choice ?? (over ? choiceIn(workflow, over, base) : { base });
  const whose = weights?.from ?? (over ? `${over.role}@${over.version}` : 'nobody');
  const starting = engineFor(workflow, weights?.dir ?? own, choice);
  const engine = await overItsBase(starting, () => otherBase(whose, overBaseOf(workflow, choice).base));
  try {
    // Weights that were changed on disk since they were saved are refused here.
    if (weights) await engine?.engine.client.checkpoints({ action: 'load', name: weights.checkpoint });
    const chosen = weights ? { from: weights.from, policies: weights.policies } : { policies: promoted };
    return await runCommand(out, opened, { ...options, promoted, ...chosen }, engine);
  } finally {
    await engine?.stop();
    // Nothing was trained here: what the engine kept is of no use to anybody.
    if (!weights) rmSync(own, { recursive: true, force: true });
  }
}
