import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Box, type JobState, manifestOf } from '../target/index.js';
import { secretsOf } from './carried.js';
import { userKeys } from './keys.js';
import { cacheFolder, shipped } from './places.js';
import { stopOnSignals } from './stop-on-signals.js';
import { commandName, exit, Failure, type Terminal } from './terminal.js';

/** What every attempt of a job needs to know about itself; it lies in the job's folder there, as part of its work. */
export interface BoxJob {
  box: Box;
  name: string;
  /** Folder of the workflow here. */
  folder: string;
}

/** Send the program and the workflow's folder. Only what changed travels. */
export async function prepareJob(terminal: Terminal, { box, name, folder }: BoxJob): Promise<string> {
  const program = shipped('.');
  if (!existsSync(join(program, 'dist', 'cli.mjs')))
    throw new Failure('build.missing', 'Baton is not built: run npm run build.', exit.environment);
  const parts = await manifestOf(program, ['**/node_modules/**', '.git/**', '**/*.map', '**/__pycache__/**']);
  const wanted = new Map(
    [...parts].filter(
      ([path]) =>
        path === 'package.json' ||
        path.startsWith('media/') ||
        /^dist\/(cli\.mjs|engine\.mjs|.*\.wasm|torch\/.*)$/.test(path),
    ),
  );
  const there = box.program(wanted);
  const sent = await box.send(program, wanted, there);
  const work = await manifestOf(folder, [
    '.baton/**',
    '.git/**',
    '**/node_modules/**',
    '.cache/**',
    '.config/**',
  ]);
  const files = await box.send(folder, work, `${box.job(name)}/work`);
  terminal.note(
    `${box.target.host}: sent ${sent} files of the program and ${files} of ${work.size} of the workflow's`,
  );
  return there;
}

/** Start an attempt: the whole loop runs there, with a cache of its own and the keys in its environment. */
export async function startJob(
  { box, name, folder }: BoxJob,
  attempt: number,
  program: string,
  args: readonly string[],
  workflow: string,
): Promise<'started' | 'already'> {
  const { target, root } = box;
  const environment: Record<string, string> = {
    XDG_CACHE_HOME: `${root}/cache`,
    XDG_CONFIG_HOME: `${root}/config`,
    ...(target.engine_python ? { BATON_TORCH_PYTHON: target.engine_python } : {}),
    ...secretsOf(readFileSync(join(folder, workflow), 'utf8'), userKeys(), process.env),
  };
  return box.start(name, attempt, [target.node, `${program}/dist/cli.mjs`, ...args], environment);
}

/** Bring the run's log and its weights here, verified; they lie where a run on this machine has them. */
export async function fetchJob(terminal: Terminal, { box, name, folder }: BoxJob): Promise<void> {
  const log = await box.fetch(
    `${box.job(name)}/work/.baton/runs/${name}`,
    join(folder, '.baton', 'runs', name),
  );
  const weights = await box.fetch(
    `${box.root}/cache/baton/engines/${name}`,
    join(cacheFolder(), 'engines', name),
  );
  terminal.note(`fetched ${log} files of the log and ${weights} of the weights; every hash is the box's`);
}

/** Follow the log to its end, and fetch. Ctrl-C only detaches. */
export async function attachJob(terminal: Terminal, job: BoxJob, from = 0): Promise<number> {
  const { box, name } = job;
  const { abort: detach, release } = stopOnSignals();
  try {
    const state = await box.follow(name, (chunk) => process.stderr.write(chunk), {
      from,
      signal: detach.signal,
      onCut: (why) => terminal.note(`the link was cut; going on where it broke (${why.split('\n')[0]})`),
    });
    return await settle(terminal, job, state);
  } catch (error) {
    if (!detach.signal.aborted) throw error;
    terminal.note(`detached; the job goes on. Attach again with: ${commandName()} jobs attach ${name}`);
    return exit.fine;
  } finally {
    release();
  }
}

async function settle(terminal: Terminal, job: BoxJob, state: JobState): Promise<number> {
  const { name } = job;
  if (state.is === 'exited') {
    await fetchJob(terminal, job);
    terminal.emit({ event: 'job.ended', job: name, code: state.code });
    terminal.say(`${name} ended with ${state.code}. Look at it with: ${commandName()} show ${name}`);
    return state.code;
  }
  terminal.emit({ event: 'job.stopped', job: name, state: state.is });
  throw new Failure('job.stopped', explainState(name, state), exit.environment);
}

/** What a state means and what to do about it. */
export function explainState(name: string, state: JobState): string {
  const again = `${commandName()} jobs resume ${name}`;
  switch (state.is) {
    case 'rebooted':
      return `${name}: the box was started anew while it ran. It waits for its keys, which were never stored there; go on with: ${again}`;
    case 'lost':
      return `${name}: its process is gone and left no exit code (killed, or out of memory). What it logged is kept; go on with: ${again}`;
    case 'starting':
      return `${name}: its start was cut, and whether it came about is not known. Try: ${again}`;
    case 'absent':
      return `There is no job ${name} there.`;
    default:
      return `${name} ${state.is === 'exited' ? `ended with ${state.code}` : 'is running'}.`;
  }
}

export const workflowPlace = (file: string): { folder: string; name: string } => ({
  folder: dirname(file),
  name: basename(file),
});
