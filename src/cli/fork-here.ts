import { beginFork, type Ended, type ForkAt } from '../rollout/index.js';
import type { RunFolder } from '../trace/index.js';
import type { EngineHandle } from './engine-handle.js';
import type { Opened } from './open-workflow.js';
import { startRun } from './start-run.js';
import type { Chosen } from './started-here.js';
import { listenFor } from './steering.js';
import { stopOnSignals } from './stop-on-signals.js';
import { exit, Failure } from './terminal.js';

interface ForkHow {
  allowEnv: string[];
  editor?: boolean;
}

/** Fork a rollout of a run that nobody is carrying out: open the run again, carry the branch to its end, close it. */
export async function forkHere(
  folder: RunFolder,
  opened: Opened,
  at: ForkAt,
  engine: EngineHandle | null,
  { allowEnv, editor, sandbox, python }: Pick<Chosen, 'sandbox' | 'python'> & ForkHow,
): Promise<Ended> {
  const info = folder.readInfo();
  const { abort, release } = stopOnSignals();
  const run = await startRun({
    ...opened,
    kind: info.kind,
    seed: info.seed,
    sandbox,
    python: python ?? undefined,
    allowEnv,
    engine: engine?.endpoint ?? null,
    engineInfo: engine?.info ?? null,
    policies: {},
    tasks: info.tasks,
    options: info.options,
    abort,
    editor,
    resume: folder,
  });
  const ear = await listenFor(run, opened.tasks);
  try {
    const spec = await beginFork(folder, at, opened.tasks, info.seed).catch((error: Error) => {
      throw new Failure('fork.refused', error.message, exit.usage);
    });
    return await ear.carry(spec);
  } finally {
    release();
    await ear.close('done');
    await run.close();
  }
}
