import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Caps } from '../rollout/index.js';
import { type JobHost, type JobState, type Launch, type Launched, manifestOf } from '../target/index.js';
import { RunFolder } from '../trace/index.js';
import { variablesOf } from './carried.js';
import { runWord } from './find-run.js';
import { allowedIn, allowing, forgetJob, keepStart, notePlace, readNote, startOf } from './job-notes.js';
import { openToGoOn, openToSend, type Parcel, parcelOf } from './parcel.js';
import { cacheFolder, shipped } from './places.js';
import { stopOnSignals } from './stop-on-signals.js';
import { commandName, counted, exit, Failure, shellWord, type Terminal } from './terminal.js';

/** A job on a target, and the folder of its workflow here. */
export interface BoxJob {
  host: JobHost;
  kind: 'ssh' | 'ray';
  name: string;
  folder: string;
}

/** What of this program runs a job elsewhere. */
export async function programFiles(): Promise<Launch['program']> {
  const folder = shipped('.');
  if (!existsSync(join(folder, 'dist', 'cli.mjs')))
    throw new Failure('build.missing', 'Baton is not built: run npm run build.', exit.environment);
  const all = await manifestOf(folder, ['**/node_modules/**', '.git/**', '**/*.map', '**/__pycache__/**']);
  const wanted = [...all].filter(
    ([path]) =>
      path === 'package.json' ||
      path.startsWith('media/') ||
      /^dist\/(cli\.mjs|engine\.mjs|[^/]*\.wasm|torch\/.*)$/.test(path),
  );
  return { folder, files: new Map(wanted) };
}

/**
 * Send what changed, and start an attempt: the whole loop runs there, with a cache of its own and, on a box, the
 * workflow's keys in its environment.
 */
export async function launchJob(
  terminal: Terminal,
  { host, name }: BoxJob,
  attempt: number,
  parcel: Parcel,
  how: Pick<Launch, 'workflow' | 'args' | 'engine'>,
): Promise<void> {
  const program = await programFiles();
  const sent = await host.launch({ ...parcel, ...how, name, program }, attempt);
  terminal.note(`${host.label}: sent ${sent}`);
}

/**
 * Start a job again where it stopped; from its beginning where its run is not on record there, with what is missing of
 * its files. `caps`: limits in place of those it has; `allowEnv`: variables it may read besides those it might before.
 */
export async function resumeJob(
  terminal: Terminal,
  job: BoxJob,
  caps: Caps,
  allowEnv: readonly string[],
): Promise<void> {
  const { host, kind, name, folder } = job;
  const state = asSent(job, await host.state(name));
  const start = startOf(name);
  // The link may have been cut before its first file was there.
  const unsent = kind === 'ssh' && state.is === 'absent' && start !== null && !isHere(job);
  if (state.is === 'running' || state.is === 'starting' || (state.is === 'absent' && !unsent))
    throw new Failure('job.state', explainState(name, state), exit.usage);
  const begun = !unsent && (await host.begun(name));
  if (!begun && isHere(job))
    throw new Failure(
      'job.state',
      `${name} is not there any more, and what was brought of it lies here: ${commandName()} show ${runOf(job)}. To train again from the beginning: ${commandName()} train ${shellWord(folder)}`,
      exit.usage,
    );
  if (!begun && start === null)
    throw new Failure(
      'job.state',
      `${name} has not begun there, and how it was to be started is known only where it was sent from. Resume it there, or remove it (${commandName()} jobs remove ${name}) and train again.`,
      exit.usage,
    );
  const { workflow, engine } = await launchedBefore(job);
  const file = join(job.folder, workflow);
  const text = readFileSync(file, 'utf8');
  const allow = [...new Set([...allowedIn(start?.args ?? []), ...allowEnv])];
  mustStillHave(start?.carried ?? [], variablesOf(text, allow), name);
  const toSend = begun
    ? openToGoOn(file, text, allow)
    : await openToSend(file, { allowEnv: allow, embeddedRoles: undefined });
  const parcel = await parcelOf(terminal, kind, toSend, allow);
  const higher = Object.entries(caps).flatMap(([cap, most]) => [`--${cap}`, String(most)]);
  const args = [...allowing(begun ? ['resume', name] : start!.args, allow), ...higher];
  const attempt = await host.nextAttempt(name);
  if (start) keepStart(name, { ...start, args: allowing(start.args, allow), carried: parcel.carried });
  await launchJob(terminal, job, attempt, parcel, { workflow, args, engine });
  terminal.note(
    begun ? `${name} goes on there` : `${name} had not begun; it starts there from its beginning`,
  );
}

/** Throws where a variable that the job was given, and that its workflow names, is not set any more. */
function mustStillHave(carried: readonly string[], named: readonly string[], job: string): void {
  const gone = carried.filter((name) => named.includes(name) && !process.env[name]);
  if (gone.length > 0)
    throw new Failure(
      'target.keys',
      `${job} was given ${gone.join(' and ')} from your environment when it was started, and it is kept nowhere: set it again, then resume. Nothing was sent.`,
      exit.environment,
    );
}

/** How a job was started, as this folder knows it, or else as is kept there. Its files are sent again from this folder. */
async function launchedBefore({ host, name, folder }: BoxJob): Promise<Launched> {
  const found = readNote(folder, name) ?? (await host.launched(name));
  if (found === null)
    throw new Failure(
      'job.unknown',
      `${name} was not sent from ${folder}, and ${host.label} does not say which workflow it is of. Resume it in the folder that it was sent from, or bring what it has: ${commandName()} jobs fetch ${name}`,
      exit.usage,
    );
  if (!existsSync(join(folder, found.workflow)))
    throw new Failure(
      'job.unknown',
      `${name} is of the workflow ${found.workflow}, which is not in ${folder}. Its files are sent again: resume it in a folder that holds them.`,
      exit.usage,
    );
  return found;
}

const runFolder = ({ name, folder }: BoxJob) => new RunFolder(join(folder, '.baton', 'runs', name));

/** Whether its run was brought here. */
const isHere = (job: BoxJob): boolean => existsSync(runFolder(job).info);

/** How a command that is typed here names its run. */
export const runOf = (job: BoxJob): string => runWord(runFolder(job));

/** Bring the run's log and its weights here, verified; they lie where a run on this machine has them. */
export async function fetchJob(terminal: Terminal, { host, name, folder }: BoxJob): Promise<void> {
  const there = host.results(name);
  const log = await host.fetch(there.log, join(folder, '.baton', 'runs', name));
  const weights = await host.fetch(there.weights, join(cacheFolder(), 'engines', name));
  terminal.note(
    `fetched ${log.came} files of the log and ${weights.came} of the weights; every hash is the box's`,
  );
  const kept = log.kept.length + weights.kept.length;
  if (kept > 0) terminal.note(`${counted(kept, 'file')} changed here since, and not there; not written over`);
}

/** Follow the log to its end, and fetch. Ctrl-C only detaches. */
export async function attachJob(terminal: Terminal, job: BoxJob, from = 0): Promise<number> {
  const { host, name } = job;
  const { abort: detach, release } = stopOnSignals();
  try {
    const state = await host.follow(name, (chunk) => process.stderr.write(chunk), {
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

async function settle(terminal: Terminal, job: BoxJob, found: JobState): Promise<number> {
  const { name } = job;
  const state = asSent(job, found);
  if (state.is === 'exited') {
    await fetchJob(terminal, job);
    terminal.emit({ event: 'job.ended', job: name, code: state.code });
    terminal.say(`${name} ended with ${state.code}. Look at it with: ${commandName()} show ${runOf(job)}`);
    if (state.code !== exit.fine) terminal.say(`Go on there with: ${commandName()} jobs resume ${name}`);
    return state.code;
  }
  if (state.is === 'absent') throw absent(name, job.host);
  terminal.emit({ event: 'job.stopped', job: name, state: state.is });
  throw new Failure('job.stopped', explainState(name, state), exit.environment);
}

/** A cluster's head keeps its jobs in memory: one that was sent from this folder and is not there was forgotten. */
export function asSent({ kind, name, folder }: BoxJob, state: JobState): JobState {
  const sent = existsSync(notePlace(folder, name));
  return kind === 'ray' && state.is === 'absent' && sent ? { is: 'forgotten' } : state;
}

/** Throws where nothing is there of a job. */
export async function mustBeThere({ host, name }: BoxJob): Promise<void> {
  if (!(await host.isThere(name))) throw absent(name, host);
}

const absent = (name: string, host: JobHost): Failure =>
  new Failure(
    'job.unknown',
    `There is no job ${name} on ${host.label}. See those that are: ${commandName()} jobs list TARGET`,
    exit.usage,
  );

/** Remove a job there, and what is noted of it here. */
export async function removeJob(terminal: Terminal, job: BoxJob): Promise<void> {
  const { host, name, folder } = job;
  const there = await host.isThere(name);
  if (!there && readNote(folder, name) === null) throw absent(name, host);
  if (there) await host.remove(name);
  forgetJob(folder, name);
  terminal.say(
    there
      ? `${name} is removed from ${host.label}.`
      : `Nothing of ${name} is on ${host.label}; what was noted of it here is removed.`,
  );
}

/** What a state means and what to do about it. */
export function explainState(name: string, state: JobState): string {
  const again = `${commandName()} jobs resume ${name}`;
  switch (state.is) {
    case 'rebooted':
      return `${name}: the box was started anew since it was started, which ended it. It waits for its keys, which were never stored there; go on with: ${again}`;
    case 'lost':
      return `${name}: its process is gone and left no exit code (killed, or out of memory). What it logged is kept; go on with: ${again}`;
    case 'starting':
      return `${name} is being started. Wait for it with: ${commandName()} jobs attach ${name}`;
    case 'sent':
      return `${name}: files of it are there, and it was never started. Send what is missing and start it with: ${again}; or remove it with: ${commandName()} jobs remove ${name}`;
    case 'forgotten':
      return `${name}: the cluster knows no job of this name; it never came there, its head was started anew since, or it was removed. What it logged is in the head's folder unless that is gone too; go on with (from its beginning, where it never began): ${again}`;
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
