import { type Command, Option } from 'commander';
import { baseFlag, notNegative, samplerChoice, sandboxChoice, whole } from './arguments.js';
import { diffCommand } from './diff.js';
import { type ExportOptions, exportCommand } from './export.js';
import { findRun } from './find-run.js';
import { type InspectOptions, inspectCommand } from './inspect.js';
import { listCommand, showCommand, whyCommand } from './look.js';
import { type ServeOptions, serveCommand } from './serve.js';
import type { Terminal } from './terminal.js';

/** What only looks at runs: why, runs, show, inspect, diff, export; and serve. */
export function lookCommands(
  root: Command,
  json: (command: Command) => Command,
  terminal: () => Terminal,
  done: (code: number) => void,
): void {
  json(root.command('why [run] [rollout]'))
    .description('who broke a run, or one rollout of it (a rollout alone: of the newest run that has it)')
    .action((run, rollout) => done(whyCommand(terminal(), run, rollout)));
  json(root.command('runs'))
    .description('list the runs of this folder')
    .action(() => done(listCommand(terminal())));
  json(root.command('show [run] [rollout]'))
    .description('show a run, or one rollout as it went (a rollout alone: of the newest run that has it)')
    .option('--file <path>', 'write a file of the workspace to stdout')
    .option('--at <action>', 'as it was after this action')
    .action((run, rollout, options) => done(showCommand(terminal(), run, rollout, options)));
  json(root.command('inspect <run> <rollout> [artifacts...]'))
    .description('what is true of artifacts at one moment, computed in the sandbox')
    .option('--at <action>', 'as they were after this action')
    .option('--rows <n>', 'how many first rows or lines to show', whole(0), 5)
    .addOption(sandboxChoice())
    .option('--python <path>', 'the Python to compute with')
    .action(async (run: string, rollout: string, artifacts: string[], options: InspectOptions) =>
      done(await inspectCommand(terminal(), findRun(run), rollout, artifacts, options)),
    );
  json(root.command('diff <run> <a> <b>'))
    .description('what two rollouts differ in, or two moments of them (rollout@action)')
    .option('--file <path>', 'only this file of the workspace')
    .action((run: string, a: string, b: string, { file }: { file?: string }) =>
      done(diffCommand(terminal(), findRun(run), a, b, file)),
    );
  json(root.command('export [run]'))
    .description('a run in a form that other tools read')
    .addOption(
      new Option(
        '--as <format>',
        'sft and preferences: JSON lines to tune on; csv: a row an action; otlp: traces',
      )
        .choices(['sft', 'preferences', 'csv', 'otlp'])
        .makeOptionMandatory(),
    )
    .option('--out <file>', 'where to write; else stdout')
    .option('--min-score <n>', 'sft: the least score of an action to learn from', notNegative, 8)
    .option('--margin <n>', 'preferences: how far the scores of a pair differ at least', notNegative, 2)
    .option('--forks', 'forked rollouts as well')
    .action(async (run: string | undefined, options: ExportOptions) =>
      done(await exportCommand(terminal(), findRun(run), options)),
    );
  samplerChoice(json(root.command('serve <role>')))
    .description('an OpenAI endpoint for a role (role@version), on this machine only')
    .option('--from <run>', 'trained weights: a training run (its best checkpoint) or run:checkpoint')
    .addOption(baseFlag())
    .option('--port <n>', 'where to listen; 0 takes a free one', whole(0), 0)
    .option('--backend <name>', 'auto; tfjs: native-gpu, native-cpu, wasm; torch: cuda, cpu', 'auto')
    .option('--engine-python <path>', "a Python that has the torch engine's packages")
    .action(async (role: string, options: ServeOptions) =>
      done(await serveCommand(terminal(), role, options)),
    );
}
