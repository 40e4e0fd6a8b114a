import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { runBatch, specOf } from '../rollout/index.js';
import { diskFiles } from '../workflow/index.js';
import { engineFor } from './engine.js';
import { openText } from './open-workflow.js';
import { startRun } from './start-run.js';
import { stopOnSignals } from './stop-on-signals.js';
import { exit, Failure, type Terminal } from './terminal.js';

/** Rollouts of a training step that a process of its own carries, on whatever machine it is started. */
export const shardSchema = z.strictObject({
  /** Name of the workflow file in the folder the process is started in. */
  file: z.string(),
  /** The workflow's text and its prompts, as the run has them. */
  text: z.string(),
  texts: z.record(z.string(), z.string()),
  name: z.string(),
  step: z.string(),
  policies: z.record(z.string(), z.string()),
  rollouts: z.array(z.strictObject({ task: z.string(), sample: z.int() })).min(1),
  seed: z.int(),
  sandbox: z.string(),
  python: z.string().optional(),
  allowEnv: z.array(z.string()),
  concurrency: z.int().min(1),
  /** This shard's part of what is left of the run's budget. */
  limits: z.strictObject({
    dollars: z.number().optional(),
    minutes: z.number().optional(),
    calls: z.number().optional(),
    tokens: z.number().optional(),
  }),
});

export type Shard = z.output<typeof shardSchema>;

/**
 * `baton run --shard FILE`: carry the rollouts of a shard into a run of its own, with a log, blobs and history that
 * whoever sent it merges. The engine is the one its environment leads to.
 */
export async function shardCommand(terminal: Terminal, path: string): Promise<number> {
  const shard = shardSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  const at = join(process.cwd(), shard.file);
  const disk = diskFiles(dirname(at));
  const opened = openText(at, shard.text, { allowEnv: shard.allowEnv, embeddedRoles: undefined }, (file) =>
    Object.hasOwn(shard.texts, file) ? { text: shard.texts[file]! } : disk.read(file),
  );
  const workflow = { ...opened.workflow, limits: { ...opened.workflow.limits, ...shard.limits } };
  const engine = await engineFor(workflow, join(dirname(path), 'engine'));
  const { abort, release } = stopOnSignals();
  const { name, step, policies, seed, sandbox, python, allowEnv } = shard;
  const run = await startRun({
    workflow,
    files: opened.files,
    kind: 'train',
    name,
    seed,
    sandbox,
    python,
    allowEnv,
    engine: engine?.endpoint ?? null,
    engineInfo: engine?.info ?? null,
    policies,
    tasks: [...new Set(shard.rollouts.map(({ task }) => task))],
    options: {},
    abort,
    together: engine?.together,
  });
  const tasks = new Map(opened.tasks.map((task) => [task.id, task]));
  try {
    const specs = shard.rollouts.map(({ task, sample }) => {
      const of = tasks.get(task);
      if (!of)
        throw new Failure('task.unknown', `${shard.file} has no task ${task} on this machine.`, exit.usage);
      return specOf(of, sample, step, policies);
    });
    const { ended, spent } = await runBatch(run.folder, run.log, specs, run.deps, {
      concurrency: shard.concurrency,
    });
    terminal.emit({ folder: run.folder.path, ended: ended.length, spent });
    return spent === null ? exit.fine : exit.budget;
  } finally {
    release();
    await run.close();
    await engine?.stop();
  }
}
