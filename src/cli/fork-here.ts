import { BudgetSpent, beginFork, type Caps, type Ended, type ForkAt, rolloutId } from '../rollout/index.js';
import type { RunFolder } from '../trace/index.js';
import { type EngineHandle, throwIfLost } from './engine-handle.js';
import { runWord } from './find-run.js';
import type { Opened } from './open-workflow.js';
import { raiseCommand } from './raise.js';
import { startRun } from './start-run.js';
import type { Chosen } from './started-here.js';
import { listenFor } from './steering.js';
import { stopOnSignals } from './stop-on-signals.js';
import { commandName, exit, Failure } from './terminal.js';

interface ForkHow {
  allowEnv: string[];
  caps: Caps;
  editor?: boolean;
}

/**
 * Fork a rollout of a run that nobody is carrying out: open the run again, carry the branch to its end, close it. A
 * branch that is cancelled, or that a budget stops, stays as far as it came; `resume` carries it on.
 */
export async function forkHere(
  folder: RunFolder,
  opened: Opened,
  at: ForkAt,
  engine: EngineHandle | null,
  { allowEnv, caps, editor, sandbox, python }: Pick<Chosen, 'sandbox' | 'python'> & ForkHow,
): Promise<Ended> {
  const info = folder.readInfo();
  const { temperature } = info.options as { temperature?: number | null };
  const { abort, release } = stopOnSignals();
  const run = await startRun({
    ...opened,
    kind: info.kind,
    ...(temperature == null ? {} : { temperature }),
    seed: info.seed,
    sandbox,
    python: python ?? undefined,
    allowEnv,
    engine: engine?.endpoint ?? null,
    engineInfo: engine?.info ?? null,
    policies: {},
    tasks: info.tasks,
    options: info.options,
    caps,
    abort,
    editor,
    resume: folder,
  });
  const ear = await listenFor(run, opened.tasks);
  let status = 'failed';
  let branch = at.rollout;
  try {
    const spec = await beginFork(folder, at, opened, info.seed).catch((error: Error) => {
      throw new Failure('fork.refused', error.message, exit.usage);
    });
    branch = rolloutId(spec);
    const ended = await ear.carry(spec);
    status = 'done';
    return ended;
  } catch (error) {
    throwIfLost(abort);
    const again = `go on with: ${commandName()} resume ${runWord(folder)}`;
    if (error instanceof BudgetSpent) {
      status = 'budget';
      throw new Failure(
        'budget',
        `${branch} stopped: ${error.cap} is reached. Go on with a higher one: ${raiseCommand(folder, error.cap)}`,
        exit.budget,
      );
    }
    if (!abort.signal.aborted) throw error;
    status = 'cancelled';
    throw new Failure('cancelled', `${branch} was cancelled; ${again}`, exit.cancelled);
  } finally {
    release();
    await ear.close(status);
    await run.close();
  }
}
